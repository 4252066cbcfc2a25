import type { ExportFormat } from "../trajectories/export/export-format.ts";
import { exportFormats } from "../trajectories/export/formats.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { type Written, writeTrajectories } from "../trajectories/export/write-trajectories.ts";
import { CommandError, exitCodes, note } from "./output.ts";
import { visible } from "./visible-text.ts";
import { isFileFailure, whyUnwritten } from "../file-failure.ts";

/** Names of the formats that trajectories can be written in. */
export const formatNames = exportFormats.map(({ name }) => name).join(", ");

export function chosenFormat(name: string): ExportFormat {
  const found = exportFormats.find((format) => format.name === name);
  if (found) return found;
  throw new CommandError(`There is no format ${name}; there are ${formatNames}.`, exitCodes.usage);
}

/** Names the trajectories that the format could not hold; the others are written. */
export function tellRefused(refused: Written["refused"]): void {
  for (const { id, reason } of refused) note(`${id} is left out: ${reason}.`);
}

/** Writes trajectories in a format; what the file system says against the file is a CommandError. */
export async function writeFormat(
  output: string,
  format: ExportFormat,
  trajectories: AsyncIterable<Trajectory>,
): Promise<Written> {
  try {
    const result = await writeTrajectories(output, format, trajectories);
    const [refused] = result.refused;
    if (result.written > 0) return result;
    throw new CommandError(
      refused
        ? `Nothing is written: ${format.name} can hold none of these trajectories, the first because ${refused.reason}.`
        : "Nothing is written: there is no trajectory.",
    );
  } catch (error) {
    if (!isFileFailure(error)) throw error;
    throw new CommandError(`${visible(output)} ${whyUnwritten(error)}; choose another file.`, exitCodes.failed, {
      cause: error,
    });
  }
}
