import * as lance from "@lancedb/lancedb";
import type { Passage } from "../../protocol/passage.ts";
import { commitFiles } from "../../server/index/commit-files.ts";
import { embeddingHash } from "../../server/index/embedding-text.ts";
import type { Holdings } from "../../server/index/holdings.ts";
import { connectStore, type IndexStore, openIndexStore } from "../../server/index/index-store.ts";
import type { CommitPlan } from "../../server/index/plan-commit.ts";
import type { Embedder } from "../../server/models/embedder.ts";
import { generatedPassages } from "./generated-passages.ts";

/** Passages of a generated file, and of a commit of many files. */
export const perFile = 20;
export const perCommit = 4_000;

/** The tables of an index in a folder, as the server opens them. */
export async function openScaleStore(path: string, embedder: Embedder): Promise<IndexStore> {
  const { database, state } = await connectStore(lance, { kind: "folder", path }, {});
  return openIndexStore(lance, database, state, embedder, true);
}

/** The commit that holds these passages for all that their files have. */
export function planOf(passages: readonly Passage[]): CommitPlan {
  const files: CommitPlan["set"] = new Map();
  const listed = new Map<string, { ids: string[]; texts: string[] }>();
  for (const passage of passages) {
    const path = passage.place!.path;
    const list = listed.get(path) ?? { ids: [], texts: [] };
    list.ids.push(passage.id);
    list.texts.push(embeddingHash(passage));
    listed.set(path, list);
    files.set(path, { hash: "content", size: 1, modified: 1, ...list });
  }
  return { set: files, gone: [], passages: [...passages], replaced: [...files.keys()], skipped: [] };
}

/** A file that was saved: other passages in the place of those that the `edit`-th of so many files has. */
export function savedFile(edit: number, files: number): Passage[] {
  const fresh = generatedPassages(1000 + edit, ((edit * 7) % files) * perFile, perFile, perFile);
  fresh[0] = { ...fresh[0]!, text: `${fresh[0]!.text} edited${"o".repeat(edit % 7)}x${edit}` };
  return fresh;
}

/** Stores passages in commits of many files, and the vectors of their texts. */
export async function storeAll(
  store: IndexStore,
  holdings: Holdings,
  embedder: Embedder,
  passages: Iterable<Passage[]>,
): Promise<void> {
  for (const batch of passages) await commitFiles(store, holdings, planOf(batch));
  const missing = [...holdings.missing];
  for (let at = 0; at < missing.length; at += perCommit)
    await storeVectors(store, holdings, embedder, missing.slice(at, at + perCommit));
}

export async function storeVectors(
  store: IndexStore,
  holdings: Holdings,
  embedder: Embedder,
  hashes: readonly string[],
): Promise<void> {
  await store.tables.addVectors(hashes, await embedder.embed(hashes, "passage", new AbortController().signal));
  holdings.addVectors(hashes);
}

/** The generated passages of an index of this size, a commit at a time. */
export function* generatedBatches(count: number): Generator<Passage[]> {
  for (let first = 0; first < count; first += perCommit)
    yield generatedPassages(1, first, Math.min(perCommit, count - first), perFile);
}
