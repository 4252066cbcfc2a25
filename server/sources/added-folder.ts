import { realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { type Folder, openFolder } from "../home.ts";

export type FolderChoice = { ok: true; folder: Folder } | { ok: false; reason: string };

/** A folder that may be added to others: it is there, and no file of it would be found twice. */
export function chooseFolder(path: string, searched: readonly Pick<Folder, "path" | "name">[]): FolderChoice {
  if (!isAbsolute(path)) return { ok: false, reason: `${path} is no whole path; give the path from the root on.` };
  let real: string;
  try {
    real = realpathSync(path);
    if (!statSync(real).isDirectory()) return { ok: false, reason: `${path} is a file; add the folder it is in.` };
  } catch {
    return { ok: false, reason: `There is no folder ${path}; choose one that is there.` };
  }
  for (const other of searched) {
    if (real === other.path) return { ok: false, reason: `${other.name} is searched already.` };
    if (isInside(real, other.path))
      return { ok: false, reason: `${path} is a part of ${other.name}, which is searched already.` };
    if (isInside(other.path, real))
      return {
        ok: false,
        reason: `${path} holds ${other.name}, which would be found twice; add the folders beside it.`,
      };
  }
  return { ok: true, folder: openFolder(real) };
}

/** Whether one path is below another. Both are absolute and without links. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}
