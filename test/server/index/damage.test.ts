import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as lance from "@lancedb/lancedb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "../../../server/index/database.ts";
import { indexFormat } from "../../../server/index/manifest.ts";
import { openStoredState } from "../../../server/index/stored-state.ts";
import { countingEmbedder } from "../../fixtures/counting-embedder.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";

const signal = new AbortController().signal;
let docs: IndexFolder;
let tables: string;

beforeEach(async () => {
  docs = indexFolder();
  tables = join(docs.folder.indexHome, "tables");
  for (const name of ["a", "b", "c"]) docs.write(`${name}.md`, page(name, `${name}strolabe`));
  const index = await docs.open();
  await index.update(signal);
  await docs.close(index);
});
afterEach(() => docs.dispose());

function filesUnder(path: string, ending: RegExp): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const cut = (file: string): void => truncateSync(file, Math.floor(statSync(file).size / 2));

describe("an index whose files are damaged is named as such and built anew", () => {
  const damages: Record<string, () => void> = {
    "the passages are gone": () => rmSync(join(tables, "passages.lance"), { recursive: true }),
    "data files of the passages are gone": () => {
      for (const file of filesUnder(join(tables, "passages.lance"), /\.lance$/)) rmSync(file);
    },
    "data files of the passages are cut": () => filesUnder(join(tables, "passages.lance"), /\.lance$/).forEach(cut),
    "versions of the passages are cut": () => filesUnder(join(tables, "passages.lance"), /\.manifest$/).forEach(cut),
    "the list of files is gone": () => rmSync(join(tables, "files.lance"), { recursive: true }),
    "data files of the list of files are cut": () => filesUnder(join(tables, "files.lance"), /\.lance$/).forEach(cut),
    "the state is no table": () => {
      for (const file of filesUnder(join(tables, "state.lance"), /\.manifest$/))
        writeFileSync(file, "{ not a manifest");
    },
    "files of the full-text index are gone": () =>
      rmSync(join(tables, "passages.lance", "_indices"), { recursive: true }),
    "data files of the vectors are gone": () => {
      const name = readdirSync(tables).find((each) => each.startsWith("vectors-"))!;
      for (const file of filesUnder(join(tables, name), /\.lance$/)) rmSync(file);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(what, async () => {
      damage();
      const index = await docs.open();
      await index.update(signal);
      expect(index.status()).toMatchObject({ state: "ready", files: 3, passages: 3, vectors: { done: 3, total: 3 } });
      for (const name of ["a", "b", "c"]) expect(await pathsFound(index, `${name}strolabe`)).toEqual([`${name}.md`]);
      expect((await pathsFound(index, "astrolabe", "vectors")).sort()).toEqual(["a.md", "b.md", "c.md"]);
    });
  }

  test("the reason is told", async () => {
    rmSync(join(tables, "passages.lance"), { recursive: true });
    const index = await docs.open();
    expect(index.status().reason).toMatch(/damaged .*built anew/);
    await docs.close(index);
    // Whoever opens it later is told of it as well.
    const told = [{ at: expect.any(String) as string, message: expect.stringMatching(/damaged/) as string }];
    expect((await docs.open()).status().errors).toEqual(told);
  });

  test("while it is open: the search that finds it out has it mended", async () => {
    const index = await docs.open();
    for (const file of filesUnder(join(tables, "passages.lance"), /./)) rmSync(file);
    await index.search("bstrolabe", 5, "words", signal).catch(() => undefined);
    await vi.waitFor(() => expect(index.status()).toMatchObject({ state: "ready", files: 3 }), { timeout: 30_000 });
    expect(await pathsFound(index, "bstrolabe")).toEqual(["b.md"]);
  });
});

test("passages that a crash left without their file go, and their words are not found", async () => {
  const database = await openDatabase(lance, { kind: "folder", path: tables });
  const files = (await database.existing("files"))!;
  await files.delete("path = 'b.md'");
  database.close();
  rmSync(join(docs.folder.path, "b.md"));
  const index = await docs.open();
  expect(await pathsFound(index, "bstrolabe")).toEqual([]);
  expect(index.status()).toMatchObject({ files: 2, passages: 2 });
});

test("an index that a later version wrote is left alone", async () => {
  const database = await openDatabase(lance, { kind: "folder", path: tables });
  const state = await openStoredState(database);
  await state.put("format", String(indexFormat + 1));
  database.close();
  await expect(docs.open()).rejects.toThrow(/written by a later Searchlight; update Searchlight/);
  const after = await openDatabase(lance, { kind: "folder", path: tables });
  expect(await (await after.existing("passages"))!.countRows()).toBe(3);
  after.close();
});

test("an index of an earlier way of cutting documents is built anew, with its reason", async () => {
  const database = await openDatabase(lance, { kind: "folder", path: tables });
  await (await openStoredState(database)).put("passages", "0");
  database.close();
  const embedder = countingEmbedder();
  const index = await docs.open({ embedder });
  expect(index.status().reason).toContain("another way of cutting documents");
  await index.update(signal);
  expect(index.status()).toMatchObject({ state: "ready", files: 3 });
  expect(await pathsFound(index, "astrolabe")).toEqual(["a.md"]);
});
