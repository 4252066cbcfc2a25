import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { byteLimit } from "./format.ts";

/**
 * A document's bytes. What stands at the path can have changed since the scan, so it is looked at again once it is open: a link at
 * its end, a pipe or device, and a file beyond the size limit are refused. Rejects with an error whose `code` says why.
 */
export async function readBytes(path: string, limit = byteLimit(path)): Promise<Buffer> {
  // Without NONBLOCK opening a pipe that nobody writes to would wait for ever. Windows has neither flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    if (!found.isFile()) throw codedError("no file");
    const bytes = Buffer.alloc(Math.min(found.size, limit) + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > limit) throw codedError("EFBIG");
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

function codedError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
