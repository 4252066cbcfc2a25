import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CorpusError, openCorpus } from "../../../server/corpus.ts";
import { openFolder } from "../../../server/home.ts";
import { openAddedIndex } from "../../../server/project.ts";
import { addDocument } from "../../../server/sources/open-added.ts";
import { page } from "../../fixtures/index-folder.ts";

let root: string;
let docs: string;
let manuals: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-corpus-"));
  vi.stubEnv("SEARCHLIGHT_HOME", join(root, "home"));
  [docs, manuals] = [join(root, "docs"), join(root, "manuals")];
  for (const path of [docs, manuals]) mkdirSync(path);
  writeFileSync(join(docs, "dome.md"), page("Dome", "anemometer"));
  writeFileSync(join(manuals, "pump.md"), page("Pump", "manometer"));
  const owner = openFolder(docs);
  expect(addDocument(owner, [owner], { kind: "folder", path: manuals })).toMatchObject({ ok: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const open = () =>
  openCorpus(docs, {
    embedder: "none",
    mode: "words",
    signal: new AbortController().signal,
    openServer: () => Promise.reject(new Error("a folder is no server")),
  });

test("a folder is measured and trained on together with what was added to it, as it is searched", async () => {
  const corpus = await open();
  const [outcome] = await corpus.retriever.search(["manometer"], 5, new AbortController().signal);
  expect(outcome).toMatchObject({ ok: true, hits: [{ passage: { place: { path: "pump.md" } } }] });
  expect(corpus.folders.map(({ path }) => path)).toEqual([openFolder(docs).path, openFolder(manuals).path]);
  expect(corpus.passages?.map(({ title }) => title)).toEqual(["Dome", "Pump"]);
  const { hash } = corpus.pins.corpus;
  await corpus.close();
  writeFileSync(join(manuals, "pump.md"), page("Pump", "barometer"));
  const changed = await open();
  expect(changed.pins.corpus.hash).not.toBe(hash);
  await changed.close();
});

test("what was added and is gone is told of before anything is measured", async () => {
  rmSync(manuals, { recursive: true });
  await expect(open()).rejects.toThrow(CorpusError);
  await expect(open()).rejects.toThrow(/manuals was added to .* and is not there/);
});

test("the index of added documents is kept where the setting for indexes says", async () => {
  const place = join(root, "shared");
  const folder = openFolder(manuals);
  const index = await openAddedIndex(folder, null, { embedder: "none", indexPlace: place });
  await index.update(new AbortController().signal);
  expect(index.status()).toMatchObject({ passages: 1, place: join(place, folder.id) });
  await index.close();
  expect(existsSync(join(place, folder.id, "passages.lance"))).toBe(true);
  expect(existsSync(join(folder.indexHome, "tables"))).toBe(false);
});
