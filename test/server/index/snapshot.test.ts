import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as lance from "@lancedb/lancedb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openCorpus } from "../../../server/corpus.ts";
import type { IndexPlace } from "../../../server/index/index-place.ts";
import { openSnapshot } from "../../../server/index/open-snapshot.ts";
import { parseSnapshotSpec, snapshotText } from "../../../server/index/snapshot-catalog.ts";
import { openRecipe } from "../../../server/open-recipe.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";
import { type IndexFolder, indexFolder, page } from "../../fixtures/index-folder.ts";
import { type S3Server, noS3Server, startS3Server } from "../../fixtures/s3-server.ts";

const signal = new AbortController().signal;
let docs: IndexFolder;

beforeEach(() => {
  docs = indexFolder();
  for (const name of ["a", "b", "c"]) docs.write(`${name}.md`, page(name, `${name}strolabe`));
});
afterEach(() => docs.dispose());

const openEmbedder = () => Promise.resolve({ ok: true as const, embedder: countingEmbedder() });
const specOf = (text: string) => {
  const parsed = parseSnapshotSpec(text);
  if (!parsed?.ok) throw new Error(parsed?.reason ?? `${text} names no snapshot`);
  return parsed.spec;
};

/** What holds wherever snapshots are kept. */
function contract(target: () => IndexPlace): void {
  test("a snapshot is what the index was, whatever happens to it after", async () => {
    const index = await docs.open({ embedderSpec: "counting" });
    await index.update(signal);
    const { snapshot, made } = await index.publish(target(), { signal });
    expect(made).toBe(true);
    expect(snapshot).toMatchObject({ folder: "docs", passages: 3, vectors: 3, embedder: { spec: "counting" } });
    docs.write("b.md", page("b", "quadrant"));
    await index.update(signal);
    const later = await index.publish(target(), { signal });
    expect(later.snapshot.id).not.toBe(snapshot.id);

    const first = await openSnapshot(lance, specOf(snapshotText(target(), snapshot.id)), { openEmbedder });
    const found = async (query: string, mode: "words" | "vectors" | "hybrid" = "words") =>
      (await first.search(query, 5, mode, signal)).map(({ passage }) => passage.place?.path);
    expect(await found("bstrolabe")).toEqual(["b.md"]);
    expect(await found("quadrant")).toEqual([]);
    expect((await found("bstrolabe", "vectors")).sort()).toEqual(["a.md", "b.md", "c.md"]);
    expect(first.passages.map(({ place }) => place?.path).sort()).toEqual(["a.md", "b.md", "c.md"]);
    await first.close();

    const latest = await openSnapshot(lance, { place: target() });
    expect(latest.snapshot.id).toBe(later.snapshot.id);
    await latest.close();
  });

  test("the same content is published once", async () => {
    const index = await docs.open();
    await index.update(signal);
    const first = await index.publish(target(), { signal });
    const second = await index.publish(target(), { signal });
    expect(second).toEqual({ snapshot: first.snapshot, made: false });
  });

  test("a publication that is stopped is not on the list", async () => {
    const index = await docs.open();
    await index.update(signal);
    const stop = new AbortController();
    const publishing = index.publish(target(), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(publishing).rejects.toThrow();
    await expect(openSnapshot(lance, { place: target() })).rejects.toThrow(/no snapshot at .* publish/);
    const whole = await index.publish(target(), { signal });
    expect(whole.made).toBe(true);
  });
}

describe("snapshots in a folder", () => {
  test("a folder that is not there has none, and is not made by the question", async () => {
    const path = join(docs.root, "mistyped");
    await expect(openSnapshot(lance, { place: { kind: "folder", path } })).rejects.toThrow(/no snapshot at .* publish/);
    expect(existsSync(path)).toBe(false);
  });

  contract(() => ({ kind: "folder", path: join(docs.root, "published") }));

  test("an index without all of its vectors is not published", async () => {
    const index = await docs.open();
    const stop = new AbortController();
    index.onStatus(({ state }) => state === "words-ready" && stop.abort());
    await index.update(stop.signal).catch(() => undefined);
    await expect(index.publish({ kind: "folder", path: join(docs.root, "published") }, { signal })).rejects.toThrow(
      /Only 0 of 3 passages have a vector/,
    );
  });

  test("an evaluation names it as what it searches, and pins its content", async () => {
    const index = await docs.open({ embedder: null });
    await index.update(signal);
    const place: IndexPlace = { kind: "folder", path: join(docs.root, "published") };
    const { snapshot } = await index.publish(place, { signal });
    const openServer = () => Promise.reject(new Error("no server"));
    const corpus = await openCorpus(`file:${place.path}`, { embedder: "none", mode: "words", signal, openServer });
    expect(corpus.pins).toEqual({
      corpus: { kind: "snapshot", hash: snapshot.hash, passages: 3 },
      index: { id: snapshotText(place, snapshot.id), mode: "words", embedder: null },
    });
    const [outcome] = await corpus.retriever.search(["cstrolabe"], 3, signal);
    expect(outcome).toMatchObject({ ok: true, hits: [{ passage: { place: { path: "c.md" } } }] });
    await corpus.close();
    await expect(
      openCorpus(`file:${place.path}`, { embedder: "none", mode: "hybrid", signal, openServer }),
    ).rejects.toThrow(/has no vectors; search it by words/);
  });

  test("an id that is none, and one that is not there, are told", async () => {
    expect(parseSnapshotSpec("s3://bucket/path#../x")).toMatchObject({ ok: false });
    expect(parseSnapshotSpec("search-r1:http://127.0.0.1:1/retrieve")).toBeUndefined();
    expect(parseSnapshotSpec("http://127.0.0.1:1")).toBeUndefined();
    expect(parseSnapshotSpec("./docs")).toBeUndefined();
    const spec = specOf(`file:${join(docs.root, "published")}#20260101T000000-00000000`);
    await expect(openSnapshot(lance, spec)).rejects.toThrow(/no snapshot 20260101T000000-00000000 at/);
  });
});

test("a training run records the snapshot it searches, and goes on with it when a later one is published", async () => {
  const place: IndexPlace = { kind: "folder", path: join(docs.root, "published") };
  const index = await docs.open({ embedder: null });
  await index.update(signal);
  const first = await index.publish(place, { signal });
  const folder = mkdtempSync(join(tmpdir(), "searchlight-run-"));
  try {
    const recipe = {
      retrieval: { index: `file:${place.path}`, embedder: "none", mode: "words" },
      profile: "r1-searcher",
      limits: {},
      stages: [],
      data: [],
      seed: 1,
      model: { base: "no-such-model" },
      engine: { kind: "local", backend: "jax" },
    };
    // The documents are opened and recorded first; a model that is not there ends the opening before anything runs.
    const open = () =>
      openRecipe({
        recipe: recipe as never,
        base: docs.root,
        folder,
        engineHome: folder,
        signal,
        onProgress: () => undefined,
      });
    await expect(open()).rejects.toThrow(/There is no model no-such-model/);
    const searched = (): { index: { id: string } } => JSON.parse(readFileSync(join(folder, "searched.json"), "utf8"));
    expect(searched().index.id).toBe(snapshotText(place, first.snapshot.id));
    docs.write("d.md", page("d", "dstrolabe"));
    await index.update(signal);
    expect((await index.publish(place, { signal })).made).toBe(true);
    await expect(open()).rejects.toThrow(/There is no model/);
    expect(searched().index.id).toBe(snapshotText(place, first.snapshot.id));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

const missing = noS3Server();
describe.skipIf(missing)("snapshots at an S3-compatible store", () => {
  let server: S3Server;
  let run = 0;
  beforeAll(async () => {
    server = await startS3Server();
  }, 300_000);
  afterAll(() => server?.close());
  beforeEach(() => {
    run++;
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  });
  afterEach(() => void vi.unstubAllEnvs());
  contract(() => ({ kind: "store", scheme: "s3", uri: `s3://${server.bucket}/published-${run}` }));
});
