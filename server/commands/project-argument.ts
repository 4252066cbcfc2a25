import { statSync } from "node:fs";
import { openFolder } from "../home.ts";
import { PlaceFault } from "../index/place-fault.ts";
import { embedderIdFault } from "../models/open-embedder.ts";
import { type Project, openProject } from "../project.ts";
import { CommandError, exitCodes, note } from "./output.ts";

/** The path of a folder that exists, or one sentence on why it is none. */
export function existingFolder(dir: string): string {
  let folder: boolean;
  try {
    folder = statSync(dir).isDirectory();
  } catch {
    throw new CommandError(`There is no folder ${dir}; give the path of a folder of documents.`, exitCodes.usage);
  }
  if (!folder) throw new CommandError(`${dir} is a file; give the folder it is in.`, exitCodes.usage);
  return dir;
}

/** Opens the folder named on the command line with its index and its trajectories. */
export async function openCommandProject(dir: string, embedder: string): Promise<Project & AsyncDisposable> {
  const fault = embedderIdFault(embedder);
  if (fault) throw new CommandError(fault, exitCodes.usage);
  const project = await openProject(openFolder(existingFolder(dir)), { embedder }).catch((error: unknown) => {
    if (error instanceof PlaceFault) throw new CommandError(error.message, exitCodes.failed, { cause: error });
    throw error;
  });
  if (project.wordsOnly && embedder !== "none") note(`Search uses words only: ${project.wordsOnly}`);
  return { ...project, [Symbol.asyncDispose]: () => project.close() };
}
