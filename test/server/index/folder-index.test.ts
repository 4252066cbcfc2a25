import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SearchMode } from "../../../protocol/passage.ts";
import { type Folder, openFolder } from "../../../server/home.ts";
import { type FolderIndex, openFolderIndex } from "../../../server/index/folder-index.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";

const signal = new AbortController().signal;
let root: string;
let folder: Folder;
let open: FolderIndex[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-index-"));
  mkdirSync(join(root, "docs"));
  folder = openFolder(join(root, "docs"), join(root, "home"));
  open = [];
});
afterEach(async () => {
  for (const index of open) await index.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

let clock = 1_700_000_000;
function write(path: string, text: string): void {
  const file = join(folder.path, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  // Every write has a time of its own, however coarse the file system's clock is.
  utimesSync(file, clock, clock++);
}

async function opened(embedder = countingEmbedder(), exclude: string[] = []) {
  const index = await openFolderIndex(folder, { embedder, exclude });
  open.push(index);
  return { index, embedder };
}

async function close(index: FolderIndex): Promise<void> {
  await index.close();
  open.splice(open.indexOf(index), 1);
}

async function paths(index: FolderIndex, query: string, mode: SearchMode = "words"): Promise<string[]> {
  const { hits } = await index.search(query, 10, mode, signal);
  return [...new Set(hits.flatMap(({ passage, copies = [] }) => [passage.place!, ...copies].map(({ path }) => path)))];
}

const page = (title: string, word: string): string =>
  `# ${title}\n\nThe ${word} stands beside the telescope and is checked each spring by the night crew.\n`;

describe("the index of a folder", () => {
  test("finds words and vectors of every kind of document, and says why each hit is there", async () => {
    write("a.md", page("North dome", "spectrograph"));
    write(
      "b.html",
      "<html><body><nav>menu</nav><main><h1>Valve</h1><p>The cryostat valve is closed by hand before dawn on every working night.</p></main></body></html>",
    );
    write(
      "c.ipynb",
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: {},
        cells: [
          {
            cell_type: "markdown",
            metadata: {},
            source: ["The magnetometer drifts in the winter months, so it is set again every Monday."],
          },
        ],
      }),
    );
    write("d.txt", "The heliostat mirror was silvered again in June after the hail had broken its corner.\n");
    const { index } = await opened();
    await index.update(signal);
    expect(index.status()).toMatchObject({ state: "ready", role: "writer", files: 4 });
    for (const [word, path] of [
      ["spectrograph", "a.md"],
      ["cryostat", "b.html"],
      ["magnetometer", "c.ipynb"],
      ["heliostat", "d.txt"],
    ]) {
      expect(await paths(index, word!)).toEqual([path]);
    }
    const { hits } = await index.search("heliostat mirror", 3, "hybrid", signal);
    expect(hits[0]).toMatchObject({ rank: 1, words: { rank: 1 }, matched: ["heliostat", "mirror"] });
    expect(hits[0]!.vectors?.rank).toBeGreaterThan(0);
  });

  test("reads and embeds only what changed, and nothing twice", async () => {
    for (const name of ["a", "b", "c"]) write(`${name}.md`, page(name, `${name}word`));
    const first = await opened();
    await first.index.update(signal);
    expect(first.embedder.embedded).toHaveLength(3);
    write("b.md", page("b", "bolometer"));
    await first.index.update(signal);
    expect(first.embedder.embedded).toHaveLength(4);
    expect(await paths(first.index, "bword")).toEqual([]);
    expect(await paths(first.index, "bolometer")).toEqual(["b.md"]);
    await close(first.index);

    const second = await opened();
    await second.index.update(signal);
    expect(second.embedder.embedded).toEqual([]);
    expect(second.index.status()).toMatchObject({ state: "ready", files: 3, vectors: { done: 3, total: 3 } });
  });

  test("embeds nothing for a rename, a copy, or a branch switched and back", async () => {
    write("a.md", page("A", "astrolabe"));
    const { index, embedder } = await opened();
    await index.update(signal);
    const count = embedder.embedded.length;
    renameSync(join(folder.path, "a.md"), join(folder.path, "renamed.md"));
    await index.update(signal);
    expect(await paths(index, "astrolabe")).toEqual(["renamed.md"]);
    write("copy.md", readFileSync(join(folder.path, "renamed.md"), "utf8"));
    await index.update(signal);
    expect((await paths(index, "astrolabe", "vectors")).sort()).toEqual(["copy.md", "renamed.md"]);
    const before = readFileSync(join(folder.path, "renamed.md"), "utf8");
    write("renamed.md", page("A", "sextant"));
    await index.update(signal);
    write("renamed.md", before);
    await index.update(signal);
    expect(embedder.embedded.length).toBe(count + 1);
  });

  test("forgets a file that is gone, emptied, or ignored from then on", async () => {
    for (const name of ["gone", "emptied", "ignored"]) write(`${name}.md`, page(name, name));
    const { index } = await opened();
    await index.update(signal);
    rmSync(join(folder.path, "gone.md"));
    write("emptied.md", "");
    write(".gitignore", "ignored.md\n");
    await index.update(signal);
    for (const word of ["gone", "emptied", "ignored"]) expect(await paths(index, word)).toEqual([]);
  });

  test("honours nested ignore files and excludes, and never enters .git or node_modules", async () => {
    write(".gitignore", "drafts/\n*.tmp.md\n");
    write("sub/.gitignore", "!keep.tmp.md\nlocal.md\n");
    for (const path of [
      "drafts/a.md",
      "x.tmp.md",
      "sub/local.md",
      "out/b.md",
      "node_modules/p/readme.md",
      ".git/info.md",
    ])
      write(path, page("hidden", "hiddenword"));
    write("sub/keep.tmp.md", page("shown", "shownword"));
    const { index } = await opened(undefined, ["out/"]);
    await index.update(signal);
    expect(await paths(index, "hiddenword")).toEqual([]);
    expect(await paths(index, "shownword")).toEqual(["sub/keep.tmp.md"]);
  });

  test("lists what it skipped and why", async () => {
    write("big.md", "x ".repeat(3 * 2 ** 20));
    writeFileSync(join(folder.path, "binary.md"), Buffer.from([0, 1, 2, 0, 255, 254, 0, 0]));
    write("bad.ipynb", "{");
    const { index } = await opened();
    await index.update(signal);
    const skipped = Object.fromEntries(index.status().skipped.map(({ path, reason }) => [path, reason]));
    expect(skipped["big.md"]).toContain("larger than 5 MiB");
    expect(Object.keys(skipped).sort()).toEqual(["bad.ipynb", "big.md", "binary.md"]);
  });

  test("has one writer: a second process reads, sees what the first commits, and takes over when it closes", async () => {
    write("a.md", page("A", "armillary"));
    const writer = await opened();
    const reader = await opened();
    expect([writer.index.status().role, reader.index.status().role]).toEqual(["writer", "reader"]);
    await writer.index.update(signal);
    expect(await paths(reader.index, "armillary")).toEqual(["a.md"]);
    await expect(reader.index.rebuild(signal)).rejects.toThrow(/Another Searchlight keeps the index/);
    await close(writer.index);
    write("b.md", page("B", "barometer"));
    await reader.index.update(signal);
    expect(reader.index.status().role).toBe("writer");
    expect(await paths(reader.index, "barometer")).toEqual(["b.md"]);
  });

  test("searches words alone where there is no embedder, and says so", async () => {
    write("a.md", page("A", "astrolabe"));
    const index = await openFolderIndex(folder, { embedder: null });
    open.push(index);
    await index.update(signal);
    expect(index.status()).toMatchObject({
      state: "degraded",
      reason: expect.stringContaining("words only") as string,
    });
    const { hits, coverage } = await index.search("astrolabe", 5, "hybrid", signal);
    expect(hits).toHaveLength(1);
    expect(coverage).toContain("words only");
  });

  test("stops when it is told to, keeps what was committed, and goes on from there", async () => {
    for (let at = 0; at < 150; at++) write(`page-${at}.md`, page(`Page ${at}`, `word${at}`));
    const { index, embedder } = await opened();
    const controller = new AbortController();
    index.onStatus((status) => {
      if (status.files >= 64) controller.abort();
    });
    await expect(index.update(controller.signal)).rejects.toThrow();
    const kept = index.status().files;
    expect(kept).toBeGreaterThanOrEqual(64);
    await index.update(signal);
    expect(index.status()).toMatchObject({ state: "ready", files: 150 });
    expect(new Set(embedder.embedded).size).toBe(embedder.embedded.length);
  });

  test("finds what a query quotes, whatever marks and keywords of the query language it holds", async () => {
    write("a.md", page("Quotes", `it's "quoted" OR valve-7 AND (NOT) a*b`));
    const { index } = await opened();
    await index.update(signal);
    for (const query of [`"quoted" valve-7`, "it's", "OR AND NOT", "a*b ~ ^ : \\ ' ; --", "'; DROP TABLE passages"]) {
      await expect(index.search(query, 5, "hybrid", signal)).resolves.toBeDefined();
    }
    expect(await paths(index, `valve-7 "quoted"`)).toEqual(["a.md"]);
    expect((await index.search("", 5, "hybrid", signal)).hits).toEqual([]);
  });

  test("reads a file that it skipped again only when it changed, and goes on saying why", async () => {
    write("a.md", page("North dome", "spectrograph"));
    write("b.ipynb", "[]");
    const first = await opened();
    await first.index.update(signal);
    const skipped = [{ path: "b.ipynb", reason: "damaged, or no notebook of format 4" }];
    expect(first.index.status()).toMatchObject({ files: 1, skipped });
    await close(first.index);

    const second = await opened();
    const reading: string[] = [];
    second.index.onStatus(({ reason }) => reading.push(reason));
    await second.index.update(signal);
    expect(second.index.status()).toMatchObject({ files: 1, skipped });
    expect(reading.filter((reason) => reason.startsWith("Reading documents"))).toEqual([]);

    write(
      "b.ipynb",
      JSON.stringify({ cells: [{ cell_type: "markdown", source: "The magnetometer drifts in the winter months." }] }),
    );
    await second.index.update(signal);
    expect(second.index.status()).toMatchObject({ files: 2, skipped: [] });
    expect(await paths(second.index, "magnetometer")).toEqual(["b.ipynb"]);
  });

  test("reads a file that it skipped again when it is asked to, also by a reader", async () => {
    const path = join(folder.path, "b.ipynb");
    const notebook = JSON.stringify({ cells: [{ cell_type: "markdown", source: "The magnetometer drifts." }] });
    write("b.ipynb", "[]".padEnd(notebook.length));
    const before = statSync(path);
    const { index } = await opened();
    await index.update(signal);
    expect(index.status().skipped).toEqual([{ path: "b.ipynb", reason: "damaged, or no notebook of format 4" }]);
    await index.retry(signal);
    expect(index.status().skipped).toEqual([{ path: "b.ipynb", reason: "damaged, or no notebook of format 4" }]);

    // What was in its way is gone, and nothing of the file tells so.
    write("b.ipynb", notebook);
    utimesSync(path, before.atime, before.mtime);
    await index.update(signal);
    expect(index.status()).toMatchObject({ files: 0, skipped: [{ path: "b.ipynb" }] });
    const reader = await opened();
    await reader.index.retry(signal);
    await vi.waitFor(() => expect(index.status()).toMatchObject({ files: 1, skipped: [] }), { timeout: 60_000 });
    expect(await paths(index, "magnetometer")).toEqual(["b.ipynb"]);
  });

  test("searches the beginning of a query of ten megabytes", async () => {
    write("a.md", page("North dome", "spectrograph"));
    const { index } = await opened();
    await index.update(signal);
    const words = Array.from({ length: 1_200_000 }, (_, each) => `w${each}`).join(" ");
    expect(await paths(index, `spectrograph ${words}`, "hybrid")).toEqual(["a.md"]);
  });
});
