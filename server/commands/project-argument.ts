import { statSync } from "node:fs";
import { type Folder, openFolder } from "../home.ts";
import type { FolderIndex } from "../index/folder-index.ts";
import { PlaceFault } from "../index/place-fault.ts";
import { embedderIdFault } from "../models/open-embedder.ts";
import { type Project, openAddedIndex, openProject } from "../project.ts";
import { AddedDocumentsError, locationOf } from "../sources/added-documents.ts";
import { openAdded } from "../sources/open-added.ts";
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

/** A folder together with what was added to it: everything that a search of it goes over. */
export interface CommandProject extends Project, AsyncDisposable {
  /** The folder first. */
  readonly folders: readonly Folder[];
  readonly indexes: readonly FolderIndex[];
}

/** Opens the folder named on the command line with its index, its trajectories and the documents that were added to it. */
export async function openCommandProject(dir: string, embedder: string): Promise<CommandProject> {
  const fault = embedderIdFault(embedder);
  if (fault) throw new CommandError(fault, exitCodes.usage);
  const project = await openProject(openFolder(existingFolder(dir)), { embedder }).catch((error: unknown) => {
    if (error instanceof PlaceFault) throw new CommandError(error.message, exitCodes.failed, { cause: error });
    throw error;
  });
  if (project.wordsOnly && embedder !== "none") note(`Search uses words only: ${project.wordsOnly}`);
  const added: FolderIndex[] = [];
  const close = async (): Promise<void> => {
    for (const index of added) await index.close();
    await project.close();
  };
  try {
    for (const folder of addedFolders(project.folder))
      added.push(await openAddedIndex(folder, project.embedder, { embedder }));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...project,
    folders: [project.folder, ...added.map((index) => index.folder)],
    indexes: [project.index, ...added],
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What was added and is on disk; what is not is named, since it is not searched. */
function addedFolders(owner: Folder): Folder[] {
  try {
    return openAdded(owner).flatMap(({ document, folder }) => {
      if (!folder) note(`${locationOf(document)} was added and is not there, so it is not searched.`);
      return folder ?? [];
    });
  } catch (error) {
    if (!(error instanceof AddedDocumentsError)) throw error;
    note(error.message);
    return [];
  }
}
