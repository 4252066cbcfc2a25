import { openSync } from "node:fs";
import { CommandError, exitCodes } from "./output.ts";
import { whyUnwritten } from "../file-failure.ts";

/** Creates a file and opens it for writing; one that is there already is never written over. Throws a `CommandError`. */
export function createFile(path: string): number {
  try {
    return openSync(path, "wx");
  } catch (error) {
    throw new CommandError(`${path} ${whyUnwritten(error)}; name another file.`, exitCodes.usage, { cause: error });
  }
}
