import type { Table } from "apache-arrow";
import type { Database } from "./database.ts";
import { eachRow } from "./each-row.ts";
import type { ManifestFile } from "./manifest.ts";
import { quoted } from "./quoted.ts";
import { textTable } from "./text-columns.ts";
import { upkeepOf } from "./upkeep.ts";

/** The files that an index holds, in a table: a row is written after all passages of its file, and taken away before them. */
export interface StoredFiles {
  /** A number that grows with every change, by whichever process. */
  version(): Promise<number>;
  all(): Promise<Map<string, ManifestFile>>;
  remove(paths: readonly string[]): Promise<void>;
  /** Writes rows of files that have none. Should one have a row after all, since a commit went through that was told as failed, the later counts. */
  add(files: ReadonlyMap<string, ManifestFile>): Promise<void>;
  /** Writes rows of files, in place of theirs where they have one. */
  put(files: ReadonlyMap<string, ManifestFile>): Promise<void>;
  /** Folds the many small commits into few, and keeps to the disk cap. */
  fold(): Promise<void>;
}

const columns = ["path", "hash", "size", "modified", "passages"];
const pathsPerFilter = 200;

export async function openStoredFiles(database: Database): Promise<StoredFiles> {
  const arrow = await import("apache-arrow");
  const schema = new arrow.Schema(columns.map((name) => new arrow.Field(name, new arrow.Utf8(), false)));
  const table = await database.table("files", () => schema);
  const upkeep = upkeepOf(database.place, table);
  const rowsOf = (files: ReadonlyMap<string, ManifestFile>): Table =>
    textTable(
      arrow,
      schema,
      [...files].map(([path, { hash, size, modified, ids, texts }]) => ({
        path,
        hash,
        size: String(size),
        modified: String(modified),
        passages: ids.map((id, at) => `${id} ${texts[at]}`).join(" "),
      })),
    );
  return {
    async version() {
      await table.checkoutLatest();
      return table.version();
    },
    async all() {
      await table.checkoutLatest();
      const files = new Map<string, ManifestFile>();
      await eachRow(table, columns, (path, hash, size, modified, passages) =>
        files.set(path, {
          hash,
          size: Number(size),
          modified: Number(modified),
          ...passagesIn(passages),
        }),
      );
      return files;
    },
    async remove(paths) {
      for (let at = 0; at < paths.length; at += pathsPerFilter) {
        await table.delete(
          `path IN (${paths
            .slice(at, at + pathsPerFilter)
            .map(quoted)
            .join(", ")})`,
        );
      }
    },
    async add(files) {
      if (files.size > 0) await table.add(rowsOf(files));
    },
    async put(files) {
      if (files.size === 0) return;
      await table.mergeInsert("path").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rowsOf(files));
    },
    fold: () => upkeep.keep(),
  };
}

/** What `id hash id hash …` lists. */
function passagesIn(text: string): Pick<ManifestFile, "ids" | "texts"> {
  const words = text === "" ? [] : text.split(" ");
  const even = words.slice(0, words.length & ~1);
  return { ids: even.filter((_, at) => at % 2 === 0), texts: even.filter((_, at) => at % 2 === 1) };
}
