import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readTar } from "./training/tinker/tar-archive.ts";

/** Writes an adapter's archive (tar.gz) as a PEFT folder; answers the names of its files. Paths inside the archive are not followed. */
export async function unpackAdapter(archive: Uint8Array, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  return readTar(gunzipSync(archive)).map(({ name, bytes }) => {
    const file = basename(name);
    writeFileSync(join(folder, file), bytes);
    return file;
  });
}
