import { afterAll, beforeAll, expect, test } from "vitest";
import type { Embedder } from "../../../server/models/embedder.ts";
import { findModel } from "../../../server/models/model-files.ts";
import { miniLm } from "../../../server/models/minilm-model.ts";
import { openEmbedder } from "../../../server/models/open-embedder.ts";

const here = findModel(miniLm.name, ["model.onnx", "tokenizer.json"]) !== undefined;
const never = new AbortController().signal;
const passages = Array.from({ length: 48 }, (_, at) => `The north dome is heated from hour ${at} on. `.repeat(12));

let embedder: Embedder;

beforeAll(async () => {
  const opening = here ? await openEmbedder("minilm") : undefined;
  if (opening?.ok) ({ embedder } = opening);
  else if (opening) throw new Error(opening.reason);
});
afterAll(() => embedder?.close());

test.runIf(here)("embedding leaves this thread to whoever else needs it", async () => {
  const [all, own] = [process.cpuUsage(), process.threadCpuUsage()];
  await embedder.embed(passages, "passage", never);
  const spent = ({ user, system }: { user: number; system: number }): number => user + system;
  expect(spent(process.threadCpuUsage(own))).toBeLessThan(spent(process.cpuUsage(all)) / 5);
});

test.runIf(here)("a text has one vector of length 1, whatever else is embedded with it", async () => {
  const [alone] = await embedder.embed([passages[5]!], "passage", never);
  const together = await embedder.embed(["a short text", ...passages.slice(0, 12)], "passage", never);
  expect(together).toHaveLength(13);
  const dot = together[6]!.reduce((sum, value, at) => sum + value * alone![at]!, 0);
  expect(dot).toBeCloseTo(1, 4);
  expect(await embedder.embed([], "passage", never)).toEqual([]);
});

test.runIf(here)("a query goes before the passages that are being embedded", async () => {
  const order: string[] = [];
  const first = embedder.embed(passages, "passage", never).then(() => order.push("passages"));
  const query = embedder.embed(["when is the dome heated"], "query", never).then(() => order.push("query"));
  await Promise.all([first, query]);
  expect(order).toEqual(["query", "passages"]);
});

test.runIf(here)("work that is stopped ends at once, and the next is done", async () => {
  const stop = new AbortController();
  const stopped = embedder.embed(passages, "passage", stop.signal);
  stop.abort();
  await expect(stopped).rejects.toThrow(/abort/);
  expect(await embedder.embed(["dome"], "query", never)).toHaveLength(1);
});

test.runIf(here)("closed while it works, it says so to who waits", async () => {
  const opening = await openEmbedder("minilm");
  if (!opening.ok) throw new Error(opening.reason);
  const waiting = expect(opening.embedder.embed(passages, "passage", never)).rejects.toThrow(/stopped/);
  await opening.embedder.close();
  await waiting;
});
