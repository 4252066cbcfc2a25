import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../durable-lines.ts";
import { type Folder, dataHome } from "../home.ts";
import { whyUnread } from "../file-failure.ts";

/** What was added to a folder of documents: another folder, or a site by its address. */
const AddedDocument = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), path: z.string().min(1) }),
  z.object({ kind: z.literal("site"), address: z.string().min(1) }),
]);
export type AddedDocument = z.infer<typeof AddedDocument>;

const AddedFile = z.object({ format: z.literal(1), documents: z.array(AddedDocument) });

/** The list of what was added cannot be read: it is left as it is, since a person made it. */
export class AddedDocumentsError extends Error {
  override readonly name = "AddedDocumentsError";
}

/**
 * What was added to a folder. It is kept with the folder's trajectories, not in the folder: what a stranger's folder says must not
 * decide what of this machine is read. Throws `AddedDocumentsError`.
 */
export function readAdded(folder: Pick<Folder, "trajectoriesHome">): AddedDocument[] {
  return readList(listOf(folder));
}

export function writeAdded(folder: Pick<Folder, "trajectoriesHome">, documents: readonly AddedDocument[]): void {
  const file = listOf(folder);
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, `${JSON.stringify({ format: 1, documents }, undefined, 2)}\n`);
}

/** Whether two entries name the same place. */
export function sameDocument(one: AddedDocument, other: AddedDocument): boolean {
  return locationOf(one) === locationOf(other) && one.kind === other.kind;
}

export function locationOf(document: AddedDocument): string {
  return document.kind === "folder" ? document.path : document.address;
}

/** Whether any project of this machine has the document; a list that cannot be read is taken for one that has it. */
export function isAddedAnywhere(document: AddedDocument, home = dataHome()): boolean {
  return projectsOf(home).some((project) => {
    try {
      return readList(join(home, "projects", project, fileName)).some((each) => sameDocument(each, document));
    } catch {
      return true;
    }
  });
}

const fileName = "documents.json";

function listOf(folder: Pick<Folder, "trajectoriesHome">): string {
  return join(dirname(folder.trajectoriesHome), fileName);
}

function readList(file: string): AddedDocument[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new AddedDocumentsError(
      `The list of added documents ${file} ${whyUnread(error)}; give it back to its owner, or delete it.`,
      { cause: error },
    );
  }
  try {
    return AddedFile.parse(JSON.parse(text)).documents;
  } catch (error) {
    throw new AddedDocumentsError(`The list of added documents is damaged; mend or delete ${file}.`, { cause: error });
  }
}

function projectsOf(home: string): string[] {
  try {
    return readdirSync(join(home, "projects"));
  } catch {
    return [];
  }
}
