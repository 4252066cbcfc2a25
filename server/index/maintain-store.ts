import type { Holdings } from "./holdings.ts";
import type { IndexStore } from "./index-store.ts";

/** Vectors of texts that are gone are kept for a branch that comes back: this many at least, and half as many as there are passages. */
const leastSpare = 2_000;
const sparePerPassage = 0.5;
/** Of those kept, this share stays when the oldest go, so that they go seldom. */
const keptShare = 0.8;

/** Folds, indexes and cleans what is stored where it is due. */
export async function maintainStore(
  store: Pick<IndexStore, "files" | "state" | "tables">,
  holdings: Holdings,
): Promise<void> {
  await store.files.fold();
  await store.state.fold();
  const spare = spareVectors(holdings.unused, holdings.counts().total);
  if (spare.length > 0) {
    await store.tables.removeVectors(spare);
    holdings.dropVectors(spare);
  }
  await store.tables.maintain();
}

/** Of the vectors without a passage, longest without one first, those that go: none, or as many as bring them down to the share that is kept. */
export function spareVectors(unused: ReadonlySet<string>, passages: number): string[] {
  const most = Math.max(leastSpare, sparePerPassage * passages);
  if (unused.size <= most) return [];
  return [...unused].slice(0, unused.size - Math.floor(keptShare * most));
}
