import { Holdings } from "./holdings.ts";
import type { IndexStore } from "./index-store.ts";
import type { IndexHead } from "./manifest.ts";
import { PlaceFault } from "./place-fault.ts";
import { parseQuery } from "./search-query.ts";

/**
 * Takes over what is stored, unless that is not wanted any more once it is read. A reader takes what is there: the writer may be in the middle of a
 * commit.
 */
export async function adoptStore(
  store: Pick<IndexStore, "files" | "tables">,
  holdings: Holdings,
  head: IndexHead | undefined,
  wanted = (): boolean => true,
): Promise<boolean> {
  const stored = await Holdings.of(await store.files.all(), await store.tables.knownVectors());
  if (!wanted()) return false;
  holdings.become(stored);
  holdings.skipped = head?.skipped ?? [];
  holdings.updatedAt = head?.updatedAt;
  return true;
}

/**
 * Holds a writer's store to what it says it has. Passages of files that are not named are what a crash left, and go. Throws a `PlaceFault`
 * of kind damaged where passages are missing or twice there, or where a data or index file cannot be read.
 */
export async function checkStore(store: Pick<IndexStore, "files" | "tables">, holdings: Holdings): Promise<void> {
  // Reads a column of every data file, which finds one that is missing or cut; the search does the same for the index.
  const paths = await store.tables.paths();
  const strays = [...paths].filter((path) => !holdings.files.has(path));
  await store.tables.removeFiles(strays);
  const stored = await store.tables.countPassages();
  const { total } = holdings.counts();
  if (stored !== total)
    throw new PlaceFault(
      "damaged",
      `The index holds ${stored} passages where its files have ${total}; it is built anew.`,
    );
  await store.tables.searchWords(parseQuery("the index"), 1);
}
