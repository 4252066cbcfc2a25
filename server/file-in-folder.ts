import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Folder } from "./home.ts";
import { isInside } from "./sources/added-folder.ts";

/**
 * The absolute path of a file of a folder; undefined where it is not there, or leads out of the folder: a path may say anything, and a link
 * on its way may lead anywhere.
 */
export async function fileInFolder(folder: Pick<Folder, "path">, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(join(folder.path, path));
    return isInside(real, folder.path) ? real : undefined;
  } catch {
    return undefined;
  }
}
