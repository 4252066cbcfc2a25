import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { embedMissing } from "../../../server/index/embed-missing.ts";
import { Holdings } from "../../../server/index/holdings.ts";
import type { Tables } from "../../../server/index/tables.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** An index that lacks the vectors of so many passages, and how many vectors each commit brought. */
function lacking(count: number) {
  const hashes = Array.from({ length: count }, (_, at) => `h${at}`);
  const commits: number[] = [];
  const passage = (id: string): Passage => ({ id, title: id, text: `The text of ${id}.` });
  const holdings = new Holdings();
  holdings.apply({
    set: new Map([["a.md", { hash: "content", size: 1, modified: 1, ids: hashes, texts: hashes }]]),
    gone: [],
  });
  const tables: Pick<Tables, "passages" | "addVectors"> = {
    passages: async (ids) => new Map(ids.map((id) => [id, passage(id)])),
    addVectors: async (added) => void commits.push(added.length),
  };
  return { holdings, tables: tables as Tables, commits, vectors: holdings.vectors };
}

function embedding(
  index: ReturnType<typeof lacking>,
  secondsPerBatch: readonly number[],
  stopAfter = Number.POSITIVE_INFINITY,
) {
  const embedder = countingEmbedder();
  const controller = new AbortController();
  let batch = 0;
  const timed: typeof embedder = {
    ...embedder,
    async embed(...call) {
      if (batch === stopAfter) controller.abort();
      const vectors = await embedder.embed(...call);
      vi.advanceTimersByTime((secondsPerBatch[batch++] ?? 0) * 1000);
      return vectors;
    },
  };
  return embedMissing(index.holdings, index.tables, timed, {
    signal: controller.signal,
    ready: async () => {},
    interrupted: () => false,
    progress: () => {},
  });
}

test("vectors are committed in large groups on a fast machine", async () => {
  const index = lacking(600);
  await embedding(index, []);
  expect(index.commits).toEqual([256, 256, 88]);
});

test("vectors are committed every few seconds on a slow machine, so that progress is told and kept", async () => {
  const index = lacking(160);
  await embedding(index, [1, 1, 3, 0.5, 0.5]);
  expect(index.commits).toEqual([64, 32, 64]);
});

test("vectors that were made when the work is stopped are committed, and none of them is made again", async () => {
  const index = lacking(160);
  await expect(embedding(index, [], 3)).rejects.toThrow(/abort/i);
  expect(index.commits).toEqual([96]);
  await embedding(index, []);
  expect(index.commits).toEqual([96, 64]);
  expect(index.vectors.size).toBe(160);
});
