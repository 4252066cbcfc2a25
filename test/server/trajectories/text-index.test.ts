import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RowPage } from "../../../protocol/trajectory-file.ts";
import { TrajectoryFiles } from "../../../server/editor/trajectory-files.ts";
import { scanBytes } from "../../../server/trajectories/text/rows-holding.ts";
import { TextFinder } from "../../../server/trajectories/text/text-finder.ts";
import { TextIndex } from "../../../server/trajectories/text/text-index.ts";
import { matchOf, textSearch } from "../../../server/trajectories/text/text-search.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";

let folder: string;
let path: string;
let home: string;
let ending: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-text-"));
  path = join(folder, "run.trajectories.jsonl");
  home = join(folder, "cache", "index.sqlite");
  ending = new AbortController();
});
afterEach(() => {
  ending.abort();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const [sample] = rolloutGroups({ steps: 1, prompts: 1, samples: 1 });
const { tokens: _, ...plain } = sample!;
const filler = "the ridge keeps two domes and a wheel ".repeat(40);

/** A record that holds words of its own: `mark12` and, of every tenth, `tenth`. */
function line(number: number): string {
  const text = `${plain.text}${filler} mark${number} ${number % 10 === 0 ? "tenth " : ""}Größe`;
  const segments = plain.segments.map((segment, index) =>
    index === plain.segments.length - 1 ? { ...segment, end: text.length } : segment,
  );
  return `${JSON.stringify({ ...plain, id: `record-${number}`, text, segments })}\n`;
}
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_each, index) => line(from + index)).join("");
const many = Math.ceil((1.5 * scanBytes) / line(1).length);

async function find(index: TextIndex, written: string): Promise<number[]> {
  const search = textSearch(written);
  if (search?.kind !== "words") throw new Error(`${written} has no words`);
  return [...(await index.find(matchOf(search.phrases))).lines];
}
const pause = (): Promise<void> => Promise.resolve();

test("lines are found by words, phrases and beginnings; lines that are no record count and hold nothing", async () => {
  writeFileSync(path, `${line(1)}{broken mark2\n\n${line(10)}`);
  const index = await TextIndex.open(path, home);
  await index.catchUp(pause);
  expect(index.covered).toBe(statSync(path).size);
  expect(await find(index, '"mark1"')).toEqual([1]);
  expect(await find(index, "mark2")).toEqual([]);
  expect(await find(index, "mark10 TENTH grosse")).toEqual([]);
  expect(await find(index, "mark10 TENTH größe")).toEqual([4]);
  expect(await find(index, '"two domes and"')).toEqual([1, 4]);
  expect(await find(index, '"domes two"')).toEqual([]);
  expect(await find(index, "tent")).toEqual([4]);
  index.close();
});

test("an index takes in what a file gains, also in another life, and is made anew where the file is", async () => {
  writeFileSync(path, lines(1, 20) + line(20).slice(0, 500));
  let index = await TextIndex.open(path, home);
  await index.catchUp(pause);
  expect(await find(index, "tenth")).toEqual([10]);
  index.close();
  appendFileSync(path, line(20).slice(500) + lines(21, 40));
  index = await TextIndex.open(path, home);
  const before = index.covered;
  expect(before).toBe(Buffer.byteLength(lines(1, 20)));
  await index.catchUp(pause);
  expect(await find(index, "tenth")).toEqual([10, 20, 30]);
  writeFileSync(path, lines(50, 61));
  expect(await find(index, "tenth")).toEqual([]);
  await index.catchUp(pause);
  expect(await find(index, "tenth")).toEqual([1, 11]);
  index.close();
});

test("two processes' indexes of one file share the work, and work that ends in the middle leaves nothing half done", async () => {
  writeFileSync(path, lines(1, 200));
  const [one, other] = [await TextIndex.open(path, home), await TextIndex.open(path, home)];
  let pieces = 0;
  await expect(
    one.catchUp(() => (++pieces === 1 ? Promise.reject(new Error("closing")) : Promise.resolve())),
  ).rejects.toThrow("closing");
  expect(one.covered).toBe(0);
  await other.catchUp(pause);
  await one.catchUp(pause);
  expect(await find(one, "tenth")).toHaveLength(19);
  expect(await find(other, "tenth")).toHaveLength(19);
  one.close();
  other.close();
});

test("an index that is damaged is made anew", async () => {
  writeFileSync(path, lines(1, 30));
  let index = await TextIndex.open(path, home);
  await index.catchUp(pause);
  index.close();
  writeFileSync(home, Buffer.concat([Buffer.from("no database at all"), readFileSync(home).subarray(18)]));
  index = await TextIndex.open(path, home);
  await index.catchUp(pause);
  expect(await find(index, "tenth")).toEqual([10, 20]);
  index.close();
});

async function page(files: TrajectoryFiles, text: string): Promise<RowPage> {
  const query = { filter: { text }, sort: { key: "line", descending: false }, offset: 0, limit: 500 } as const;
  return files.page(path, query, ending.signal);
}

async function complete(files: TrajectoryFiles, text: string): Promise<RowPage> {
  for (;;) {
    const found = await page(files, text);
    if (found.complete) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("the list of a long file searches by the index, tells what is not searched yet, and follows the file", async () => {
  writeFileSync(path, lines(0, many));
  const files = new TrajectoryFiles(ending.signal, 150, () => home);
  const first = await page(files, "tenth");
  expect(first.complete).toBe(false);
  const all = await complete(files, "tenth");
  expect(all.matched).toBe(Math.ceil(many / 10));
  expect(all.searched).toBeUndefined();
  // A last line without its line feed is no part of the index, and found all the same.
  appendFileSync(path, line(many * 10).trimEnd());
  expect((await complete(files, "tenth")).matched).toBe(all.matched + 1);
  expect((await complete(files, `mark${many * 10}`)).rows.map(({ id }) => id)).toEqual([`record-${many * 10}`]);
  files.close(path);
});

test("where there can be no index, the file is read and the same is found", async () => {
  writeFileSync(path, lines(0, many));
  writeFileSync(join(folder, "cache"), "a file where a folder should be");
  const files = new TrajectoryFiles(ending.signal, 150, () => home);
  expect((await complete(files, "tenth")).matched).toBe(Math.ceil(many / 10));
  expect((await complete(files, "“…”")).matched).toBe(0);
});

test("a finder says why it is of no use, and answers nothing instead of waiting", async () => {
  const finder = new TextFinder(join(folder, "not there"), home);
  expect(await finder.find('"a"')).toBeUndefined();
  expect(finder.unusable).toMatch(/ENOENT/);
});
