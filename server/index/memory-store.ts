import type { IndexStore } from "./index-store.ts";
import { openMemoryTables } from "./memory-tables.ts";
import type { ManifestFile } from "./manifest.ts";

/** What an index stores, in memory alone: where LanceDB cannot run or nothing can be written. Gone with the process. */
export function openMemoryStore(): Omit<IndexStore, "database"> {
  const files = new Map<string, ManifestFile>();
  const values = new Map<string, string>();
  const none = (): Promise<void> => Promise.resolve();
  return {
    tables: openMemoryTables(),
    files: {
      version: () => Promise.resolve(0),
      all: () => Promise.resolve(files),
      remove: none,
      add: none,
      put: none,
      fold: none,
    },
    state: {
      all: () => Promise.resolve(values),
      get: (key) => Promise.resolve(values.get(key)),
      put: none,
      swap: () => Promise.resolve(true),
      remove: none,
      fold: none,
    },
  };
}
