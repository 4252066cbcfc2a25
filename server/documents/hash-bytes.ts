import { createHash } from "node:crypto";

/** SHA-256 of a file's bytes, in hex: the content hash of every place in it. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
