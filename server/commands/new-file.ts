import { openSync } from "node:fs";
import { CommandError, exitCodes } from "./output.ts";

/** Creates a file and opens it for writing; one that is there already is never written over. Throws a `CommandError`. */
export function createFile(path: string): number {
  try {
    return openSync(path, "wx");
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new CommandError(
      exists ? `${path} is there already; name another file.` : `${path} cannot be written.`,
      exitCodes.usage,
      { cause: error },
    );
  }
}
