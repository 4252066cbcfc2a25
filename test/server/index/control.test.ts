import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { indexControl } from "../../../server/index/control.ts";
import type { Embedder } from "../../../server/models/embedder.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";

const signal = new AbortController().signal;
let docs: IndexFolder;
beforeEach(() => {
  docs = indexFolder();
});
afterEach(() => docs.dispose());

/** An embedder that waits before each batch until it is let go. */
function gatedEmbedder(): Embedder & { open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const inner = countingEmbedder();
  return {
    ...inner,
    open,
    async embed(texts, kind, abort) {
      if (kind === "passage")
        await Promise.race([
          opened,
          new Promise((_, reject) => abort.addEventListener("abort", () => reject(abort.reason as Error))),
        ]);
      return inner.embed(texts, kind, abort);
    },
  };
}

describe("whoever writes an index does what any window or the terminal asks", () => {
  test("a pause asked for elsewhere holds it, outlives it, and ends where it is taken back", async () => {
    docs.write("a.md", page("a", "astrolabe"));
    const control = indexControl(docs.folder.indexHome);
    control.setPaused(true);
    const index = await docs.open();
    expect(index.status()).toMatchObject({ state: "paused", reason: expect.stringContaining("resume it") as string });
    const update = index.update(signal);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(index.status()).toMatchObject({ state: "paused", files: 0 });
    control.setPaused(false);
    await update;
    expect(index.status()).toMatchObject({ state: "ready", files: 1 });
  });

  test("a reader pauses the writer", async () => {
    const writer = await docs.open();
    const reader = await docs.open();
    expect(reader.status().role).toBe("reader");
    reader.pause();
    await vi.waitFor(() => expect(writer.status().state).toBe("paused"), { timeout: 30_000 });
    reader.resume();
    await vi.waitFor(() => expect(writer.status().state).not.toBe("paused"), { timeout: 30_000 });
  });

  test("a cancel asked for elsewhere ends the update; what is committed stays and the next goes on", async () => {
    docs.write("a.md", page("a", "astrolabe"));
    const gated = gatedEmbedder();
    const writer = await docs.open({ embedder: gated });
    const update = writer.update(signal);
    await vi.waitFor(() => expect(writer.status().state).toBe("words-ready"), { timeout: 30_000 });
    const reader = await docs.open();
    reader.cancel();
    await expect(update).rejects.toThrow();
    expect(writer.status()).toMatchObject({
      state: "words-ready",
      reason: expect.stringContaining("stopped") as string,
    });
    expect(await pathsFound(writer, "astrolabe")).toEqual(["a.md"]);
    gated.open();
    await writer.update(signal);
    expect(writer.status().state).toBe("ready");
  });

  test("a rebuild and a prune are done by whoever writes", async () => {
    docs.write("a.md", page("a", "astrolabe"));
    docs.write("b.md", page("b", "bstrolabe"));
    const embedder = countingEmbedder();
    const writer = await docs.open({ embedder });
    await writer.update(signal);
    const before = embedder.embedded.length;
    indexControl(docs.folder.indexHome).request("rebuild");
    await vi.waitFor(() => expect(embedder.embedded.length).toBe(2 * before), { timeout: 30_000 });
    await vi.waitFor(() => expect(writer.status()).toMatchObject({ state: "ready", files: 2 }), { timeout: 30_000 });
  });
});

describe("another embedder", () => {
  test("is built beside the one that serves, which answers until all vectors are there, and is pruned after", async () => {
    for (const name of ["a", "b", "c"]) docs.write(`${name}.md`, page(name, `${name}strolabe`));
    const first = await docs.open({ embedder: countingEmbedder(16), embedderSpec: "first" });
    await first.update(signal);
    await docs.close(first);

    const gated = { ...gatedEmbedder(), id: "second", dimension: 16 };
    const opened: string[] = [];
    const second = await docs.open({
      embedder: gated,
      embedderSpec: "second",
      openEmbedder: (spec) => {
        opened.push(spec);
        return Promise.resolve(countingEmbedder(16));
      },
    });
    const update = second.update(signal);
    await vi.waitFor(() => expect(second.status().state).toBe("words-ready"), { timeout: 30_000 });
    expect(opened).toEqual(["first"]);
    expect(second.status().vectors).toEqual({ done: 0, total: 3 });
    const meanwhile = await second.search("the bstrolabe", 3, "vectors", signal);
    expect(meanwhile.hits).toHaveLength(3);
    expect(meanwhile.coverage).toBe("docs: vectors of counting-16 until those of second are there");
    gated.open();
    await update;
    expect(second.status()).toMatchObject({ state: "ready", vectors: { done: 3, total: 3 } });
    const after = await second.search("the bstrolabe", 3, "vectors", signal);
    expect(after.coverage).toBeUndefined();

    await second.prune(signal);
    await docs.close(second);
    const embedder = countingEmbedder(16);
    const back = await docs.open({ embedder, embedderSpec: "first" });
    await back.update(signal);
    expect(embedder.embedded).toHaveLength(3);
  });

  test("one that fails leaves words, says why, and does not lose what it made", async () => {
    for (let at = 0; at < 100; at++) docs.write(`page-${at}.md`, page(`Page ${at}`, `word${at}`));
    const inner = countingEmbedder();
    let calls = 0;
    const failing: Embedder = {
      ...inner,
      embed: (texts, kind, abort) =>
        kind === "passage" && ++calls === 3
          ? Promise.reject(new Error("The endpoint answered 503."))
          : inner.embed(texts, kind, abort),
    };
    const index = await docs.open({ embedder: failing });
    await expect(index.update(signal)).rejects.toThrow(/answered 503/);
    expect(index.status()).toMatchObject({
      state: "degraded",
      reason: "Words can be searched; vectors stopped: The endpoint answered 503. Update the index to go on.",
      vectors: { done: 64, total: 100 },
    });
    await index.update(signal);
    expect(index.status().state).toBe("ready");
    await docs.close(index);
    expect((await docs.open()).status().errors).toMatchObject([{ message: "The endpoint answered 503." }]);
    expect(new Set(inner.embedded).size).toBe(inner.embedded.length);
  });
});
