import { finished } from "node:stream/promises";
import { type ZipFile, fromBufferPromise } from "yauzl";

export type ZipCheck = { ok: true; names: string[] } | { ok: false; reason: string };

const mostEntries = 20_000;

/**
 * Unpacks the parts of a ZIP archive whose names match, to nowhere, and says whether they are what the archive declares and
 * together within a limit in bytes. What passes can be given to a library that unpacks without a limit of its own.
 */
export async function checkZip(bytes: Buffer, limit: { part: RegExp; bytes: number }): Promise<ZipCheck> {
  let zip: ZipFile;
  try {
    zip = await fromBufferPromise(bytes);
  } catch {
    return { ok: false, reason: "damaged, or no ZIP archive" };
  }
  try {
    return await checked(zip, limit);
  } catch (error) {
    return { ok: false, reason: `damaged archive (${error instanceof Error ? error.message : String(error)})` };
  } finally {
    zip.close();
  }
}

async function checked(zip: ZipFile, limit: { part: RegExp; bytes: number }): Promise<ZipCheck> {
  const names: string[] = [];
  if (zip.entryCount > mostEntries) return { ok: false, reason: `archive of more than ${mostEntries} parts` };
  let left = limit.bytes;
  for await (const entry of zip.eachEntry()) {
    names.push(entry.fileName);
    if (!limit.part.test(entry.fileName)) continue;
    if (entry.isEncrypted()) return { ok: false, reason: "encrypted; save a copy without a password" };
    // What is declared is refused before a byte is unpacked; yauzl fails where more comes than was declared.
    left -= entry.uncompressedSize;
    if (left < 0) return { ok: false, reason: `it would unpack to more than ${limit.bytes / 2 ** 20} MiB` };
    const stream = await zip.openReadStreamPromise(entry);
    await finished(stream.resume());
  }
  return { ok: true, names };
}
