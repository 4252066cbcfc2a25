import { resolve } from "node:path";
import { modelFolders, modelNamed } from "../engine/model-folders.ts";
import { CommandError, exitCodes } from "./output.ts";

/** Absolute folder of the model that was named, or of the only one there is. */
export function chosenModel(named: string | undefined): string {
  if (named !== undefined) {
    const folder = modelNamed(named, process.cwd());
    if (folder) return folder;
    throw new CommandError(
      `${resolve(named)} is no model folder and no model has this name; searchlight models lists those that are known.`,
      exitCodes.usage,
    );
  }
  const known = modelFolders();
  if (known.length === 1) return known[0]!.folder;
  throw new CommandError(
    known.length === 0
      ? "There is no model yet; make one with searchlight models make-tiny, or name one with --model."
      : `Name one of the models with --model: ${known.map(({ name }) => name).join(", ")}.`,
    exitCodes.usage,
  );
}
