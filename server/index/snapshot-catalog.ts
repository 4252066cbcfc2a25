import { existsSync } from "node:fs";
import { z } from "zod";
import type { Database } from "./database.ts";
import type { Lance } from "../lance.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import { type IndexPlace, parsePlace, placeText } from "./index-place.ts";
import { indexFormat } from "./manifest.ts";
import { PlaceFault, placeFault } from "./place-fault.ts";
import { openStoredState } from "./stored-state.ts";

/** What a published copy of an index says of itself. */
export const Snapshot = z.object({
  /** Version of its tables. */
  format: z.int(),
  /** Time of publication and the first of the content's hash; names its tables. */
  id: z.string().regex(/^[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$/),
  createdAt: z.iso.datetime(),
  /** Name of the folder that was indexed. */
  folder: z.string(),
  passages: z.int().min(0),
  vectors: z.int().min(0),
  /** `spec` opens what makes vectors of queries; null where words alone are searched. */
  embedder: z.object({ spec: z.string(), id: z.string(), dimension: z.int().min(1) }).nullable(),
  /** SHA-256 of the sorted ids of all passages, which hold path, place and text, and of the embedder's id. */
  hash: z.string(),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** What names snapshots: a place, and one of its snapshots; the latest where there is no id. */
export interface SnapshotSpec {
  place: IndexPlace;
  id?: string;
}

/** Reads `URI` or `URI#ID`. A folder's path is none: it must be written as `file:PATH`, since a folder of documents is searched as such. */
export function parseSnapshotSpec(
  text: string,
): { ok: true; spec: SnapshotSpec } | { ok: false; reason: string } | undefined {
  if (!/^(?:[a-z0-9]+:\/\/|file:)/.test(text) || /^https?:/.test(text)) return undefined;
  const [, where = "", id] = /^(.*?)(?:#(.*))?$/s.exec(text)!;
  const parsed = parsePlace(where.replace(/^file:(?:\/\/)?/, ""));
  if (!parsed.ok) return parsed;
  if (id !== undefined && !Snapshot.shape.id.safeParse(id).success)
    return { ok: false, reason: `"${id}" is no id of a snapshot; searchlight index snapshots ${where} lists them.` };
  return { ok: true, spec: { place: parsed.place, ...(id === undefined ? {} : { id }) } };
}

/** A snapshot as recipes and records name it. */
export function snapshotText(place: IndexPlace, id: string): string {
  return `${place.kind === "folder" ? "file:" : ""}${placeText(place)}#${id}`;
}

/** The snapshots of a place, oldest first. Records that cannot be read are left out. */
export async function listSnapshots(database: Database): Promise<Snapshot[]> {
  if (!(await database.names()).includes("state")) return [];
  const values = await (await openStoredState(database)).all();
  const snapshots = [...values].flatMap(([key, value]) => {
    if (!key.startsWith(catalogPrefix)) return [];
    try {
      return Snapshot.safeParse(JSON.parse(value)).data ?? [];
    } catch {
      return [];
    }
  });
  return snapshots.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Puts a snapshot on the list: from here on it is published. */
export async function catalogSnapshot(database: Database, snapshot: Snapshot): Promise<void> {
  await (await openStoredState(database)).put(`${catalogPrefix}${snapshot.id}`, JSON.stringify(snapshot));
}

const catalogPrefix = "snapshot ";

/** The database that holds a snapshot's tables: those of the place whose names begin with its id. */
export function openSnapshotDatabase(
  lance: Lance,
  place: IndexPlace,
  id: string,
  options: DatabaseOptions,
): Promise<Database> {
  return openDatabase(lance, place, { ...options, prefix: `${id}.` });
}

/** The snapshot that a spec names. Throws a `PlaceFault` with one sentence. */
export async function findSnapshot(lance: Lance, spec: SnapshotSpec, options: DatabaseOptions): Promise<Snapshot> {
  const where = placeText(spec.place);
  // To open a folder makes it, and a mistyped one is none.
  const nowhere = spec.place.kind === "folder" && !existsSync(spec.place.path);
  const snapshots = nowhere ? [] : await withDatabase(lance, spec.place, options, listSnapshots);
  const found = spec.id === undefined ? snapshots.at(-1) : snapshots.find(({ id }) => id === spec.id);
  if (!found)
    throw new PlaceFault(
      "missing",
      spec.id === undefined
        ? `There is no snapshot at ${where}; searchlight index publish ${where} makes one.`
        : `There is no snapshot ${spec.id} at ${where}; searchlight index snapshots ${where} lists them.`,
    );
  if (found.format !== indexFormat) {
    const [age, remedy] =
      found.format > indexFormat ? ["a later", "update this one"] : ["an earlier", "publish it anew"];
    throw new PlaceFault(
      "newer",
      `${snapshotText(spec.place, found.id)} was written by ${age} Searchlight; ${remedy}.`,
    );
  }
  return found;
}

/** Opens a database for one piece of work; what fails is said in one sentence. */
export async function withDatabase<T>(
  lance: Lance,
  place: IndexPlace,
  options: DatabaseOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  let database: Database | undefined;
  try {
    database = await openDatabase(lance, place, options);
    return await work(database);
  } catch (error) {
    throw placeFault(place, error);
  } finally {
    database?.close();
  }
}
