import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A temporary folder for an editor's files. Unix sockets go below it, whose paths may have about a hundred bytes, and the
 * temporary folder of macOS alone has fifty. Symbolic links are resolved, as the editor does.
 */
export function shortScratchFolder(prefix) {
  return mkdtempSync(join(realpathSync(process.platform === "darwin" ? "/tmp" : tmpdir()), prefix));
}
