import type { Database } from "./database.ts";
import { quoted } from "./quoted.ts";
import { dropVersions } from "./upkeep.ts";

/** Small values that belong to an index as a whole, in a table of their own: version, model, writer. */
export interface StoredState {
  all(): Promise<Map<string, string>>;
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string): Promise<void>;
  /**
   * Puts a value where the stored one is `before` (undefined: where there is none). False where it is another: of several processes that
   * try at once, one succeeds. Rests on the atomic commits of the tables, on an object store on its conditional writes.
   */
  swap(key: string, before: string | undefined, value: string): Promise<boolean>;
  remove(key: string): Promise<void>;
  /** Removes old versions where there are many. */
  fold(): Promise<void>;
}

export async function openStoredState(database: Database): Promise<StoredState> {
  const arrow = await import("apache-arrow");
  const text = (name: string) => new arrow.Field(name, new arrow.Utf8(), false);
  const table = await database.table("state", () => new arrow.Schema(["key", "value"].map(text)));

  const get = async (key: string): Promise<string | undefined> => {
    await table.checkoutLatest();
    const [row] = await table
      .query()
      .where(`key = ${quoted(key)}`)
      .select(["value"])
      .limit(1)
      .toArray();
    return row ? String(row.value) : undefined;
  };
  const insert = async (key: string, value: string): Promise<void> => {
    await table.mergeInsert("key").whenNotMatchedInsertAll().execute([{ key, value }]);
  };
  let folded = 0;
  return {
    get,
    async fold() {
      folded = await dropVersions(database.place, table, folded);
    },
    async all() {
      await table.checkoutLatest();
      const rows = await table.query().select(["key", "value"]).toArray();
      return new Map(rows.map((row) => [String(row.key), String(row.value)]));
    },
    async put(key, value) {
      await table.mergeInsert("key").whenMatchedUpdateAll().whenNotMatchedInsertAll().execute([{ key, value }]);
    },
    async swap(key, before, value) {
      if (before === undefined) {
        // Two inserts of one key at once leave one row; the value that stays tells whose it is.
        await insert(key, value);
        return (await get(key)) === value;
      }
      await table.checkoutLatest();
      const where = `key = ${quoted(key)} AND value = ${quoted(before)}`;
      const { rowsUpdated } = await table.update({ where, values: { value } });
      return Number(rowsUpdated) > 0;
    },
    async remove(key) {
      await table.delete(`key = ${quoted(key)}`);
    },
  };
}
