import { dataHome } from "../home.ts";
import { CommandError } from "./output.ts";

const refusals: Readonly<Record<string, string>> = {
  EACCES: "may not be written",
  EPERM: "may not be written",
  EROFS: "is on a disk that cannot be written",
  ENOTDIR: "is no folder",
  EEXIST: "is no folder",
};

/** A failure of the disk that a person can mend, in one sentence; undefined for any other failure. */
export function diskFailure(error: unknown): CommandError | undefined {
  const { code, path, syscall } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CommandError("The disk is full; free some space and run the command again.");
  }
  const refusal = refusals[code ?? ""];
  const home = dataHome();
  if (!refusal || syscall === undefined || !(path ?? "").startsWith(home)) return undefined;
  return new CommandError(
    `The data folder ${home} ${refusal} (${code}); set SEARCHLIGHT_HOME to a folder that can be written.`,
  );
}
