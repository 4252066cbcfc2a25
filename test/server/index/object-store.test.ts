import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test, vi } from "vitest";
import * as lance from "@lancedb/lancedb";
import type { FolderIndex } from "../../../server/index/folder-index.ts";
import { openDatabase } from "../../../server/index/database.ts";
import { parsePlace, placeOfFolder, type IndexPlace } from "../../../server/index/index-place.ts";
import { checkOneWins } from "../../../server/index/place-check.ts";
import { openStoredState } from "../../../server/index/stored-state.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";
import { type S3Server, noS3Server, startS3Server } from "../../fixtures/s3-server.ts";

const missing = noS3Server();
if (missing) console.warn(`Tests against an object store are skipped: ${missing}.`);

const signal = new AbortController().signal;
let server: S3Server;
let docs: IndexFolder;
let place: IndexPlace;
let run = 0;

describe.skipIf(missing)("an index at an S3-compatible store", () => {
  beforeAll(async () => {
    server = await startS3Server();
  }, 300_000);
  afterAll(() => server?.close());
  beforeEach(() => {
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
    docs = indexFolder();
    const parsed = parsePlace(`s3://${server.bucket}/team-${run++}`);
    place = placeOfFolder(parsed.ok ? parsed.place : { kind: "folder", path: "" }, docs.folder.name);
    for (const name of ["a", "b", "c"]) docs.write(`${name}.md`, page(name, `${name}strolabe`));
  });
  afterEach(async () => {
    server.latency = 0;
    server.cut = false;
    server.unconditional = false;
    await docs.dispose();
    vi.unstubAllEnvs();
  });

  const open = (): Promise<FolderIndex> => docs.open({ place });

  test("is built, searched by words and vectors, edited, and opened again as it was", async () => {
    const embedder = countingEmbedder();
    const first = await docs.open({ place, embedder });
    await first.update(signal);
    expect(first.status()).toMatchObject({ state: "ready", files: 3, vectors: { done: 3, total: 3 } });
    expect(first.status().place).toMatch(/^s3:\/\/library\/team-\d+\/docs$/);
    expect(await pathsFound(first, "bstrolabe", "hybrid")).toContain("b.md");
    docs.write("b.md", page("b", "quadrant"));
    await first.update(signal);
    expect(await pathsFound(first, "bstrolabe")).toEqual([]);
    await docs.close(first);

    const again = await docs.open({ place, embedder });
    const before = embedder.embedded.length;
    await again.update(signal);
    expect(embedder.embedded.length).toBe(before);
    expect(await pathsFound(again, "quadrant")).toEqual(["b.md"]);
  });

  test("has one writer; another reads what it commits and takes over when it closes", async () => {
    const writer = await open();
    await writer.update(signal);
    const reader = await open();
    await reader.update(signal);
    expect([writer.status().role, reader.status().role]).toEqual(["writer", "reader"]);
    expect(await pathsFound(reader, "astrolabe")).toEqual(["a.md"]);
    docs.write("d.md", page("d", "dstrolabe"));
    await writer.update(signal);
    await vi.waitFor(async () => expect(await pathsFound(reader, "dstrolabe")).toEqual(["d.md"]), { timeout: 30_000 });
    await docs.close(writer);
    docs.write("e.md", page("e", "estrolabe"));
    await reader.update(signal);
    expect(reader.status()).toMatchObject({ role: "writer", files: 5 });
  });

  test("writes each version only where there is none, and of racing writers one wins and none loses a commit", async () => {
    await checkOneWins(lance, place, {});
    const databases = await Promise.all(Array.from({ length: 4 }, () => openDatabase(lance, place)));
    const states = [];
    for (const database of databases) states.push(await openStoredState(database));
    server.requests.length = 0;
    await Promise.all(
      states.map(async (state, writer) => {
        for (let commit = 0; commit < 4; commit++) await state.put(`writer ${writer} commit ${commit}`, "done");
      }),
    );
    expect([...(await states[0]!.all()).keys()].filter((key) => key.startsWith("writer "))).toHaveLength(16);
    const versions = server.requests.filter(({ method, path }) => method === "PUT" && path.includes("_versions"));
    expect(versions.length).toBeGreaterThanOrEqual(16);
    expect(versions.every(({ ifNoneMatch }) => ifNoneMatch === "*")).toBe(true);
    for (const database of databases) database.close();
  });

  test("a store that ignores the condition of a write is refused before anything is built there", async () => {
    server.unconditional = true;
    await expect(open()).rejects.toThrow(/lets several writers win at once.*use a store with conditional writes/);
  });

  test("a wrong key is told as such, and no part of it", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    const error = await open().then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toMatch(/^s3:\/\/library\/team-\d+\/docs does not accept the key; check /);
    expect(error?.message).not.toContain("wrong-secret");
  });

  test("the key of the editor's secrets goes before the environment's", async () => {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = server.env;
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    const index = await docs.open({ place, placeKey: `${id}:${secret}` });
    await index.update(signal);
    expect(index.status()).toMatchObject({ state: "ready", files: 3 });
  });

  test("a bucket that does not exist is told as such", async () => {
    const parsed = parsePlace("s3://no-such-bucket/team");
    expect(parsed.ok).toBe(true);
    if (parsed.ok) await expect(docs.open({ place: parsed.place })).rejects.toThrow(/does not exist; make it/);
  });

  test("a connection that is cut while indexing is told, and the next update goes on", async () => {
    const index = await open();
    await index.update(signal);
    docs.write("d.md", page("d", "dstrolabe"));
    server.cut = true;
    await expect(index.update(signal)).rejects.toThrow(/does not answer; check the network/);
    expect(index.status()).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("does not answer") as string,
    });
    server.cut = false;
    await index.update(signal);
    expect(index.status()).toMatchObject({ state: "ready", files: 4 });
    expect(await pathsFound(index, "dstrolabe")).toEqual(["d.md"]);
  }, 120_000);

  test("a slow wire makes it slow, not wrong", async () => {
    server.latency = 60;
    const index = await open();
    await index.update(signal);
    const started = performance.now();
    expect(await pathsFound(index, "cstrolabe", "hybrid")).toContain("c.md");
    console.info(`hybrid search over a wire of 60 ms: ${Math.round(performance.now() - started)} ms`);
    expect(index.status()).toMatchObject({ state: "ready", files: 3 });
  }, 120_000);
});
