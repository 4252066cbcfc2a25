import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Program, program } from "./program.ts";

let searchlight: Program;
let docs: string;
let number = 0;

beforeAll(() => {
  searchlight = program();
});

afterAll(() => searchlight[Symbol.dispose]());

beforeEach(() => {
  docs = join(searchlight.folder, "..", `docs-${number++}`);
  mkdirSync(docs);
  writeFileSync(join(docs, "pump.md"), "# Pump\n\nThe coolant pump was replaced in May.\n");
});

const words = ["--embedder", "none"];

test("a folder of documents given where the place of a snapshot goes is not filled with tables", async () => {
  const { code, stderr } = await searchlight.run(["index", "publish", docs, ...words]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    `${docs} holds other files; give a place of its own first, then the folder of documents: searchlight index publish PLACE ${docs}.\n`,
  );
  expect(readdirSync(docs)).toEqual(["pump.md"]);
});

test("looking for snapshots in a folder that is not there makes none", async () => {
  const place = join(docs, "nowhere");
  const { code, stderr } = await searchlight.run(["index", "snapshots", place]);
  expect(code).toBe(2);
  expect(stderr).toContain(`There is no folder ${place}`);
  expect(existsSync(place)).toBe(false);
});

test("questions are not measured on a folder without documents", async () => {
  const empty = join(docs, "empty");
  mkdirSync(empty);
  const data = join(searchlight.folder, "training", "held-out.jsonl");
  const { code, stdout, stderr } = await searchlight.run([
    ...["evaluate", "--data", data, "--index", empty, "--mode", "words", "--limit", "1"],
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain(`${empty} holds no document that can be read`);
  expect(stdout).toBe("");
});

test("a site that cannot be fetched is not looked for as a folder", async () => {
  const { code, stderr } = await searchlight.run(["documents", "add", docs, "ftp://docs.example.org/"]);
  expect(code).toBe(2);
  expect(stderr).toContain("a site's address begins with https:// or http://, not ftp://.");
});

test("a search of a paused index says that it is paused", async () => {
  await searchlight.run(["index", docs, ...words]);
  await searchlight.run(["index", "pause", docs]);
  writeFileSync(join(docs, "valve.md"), "# Valve\n\nThe relief valve opens at 6 bar.\n");
  const { code, stdout, stderr } = await searchlight.run(["search", docs, "valve", ...words]);
  expect(code).toBe(0);
  expect(stdout).toBe("Nothing found.\n");
  expect(stderr).toContain("Indexing is paused");
});

test("a file that cannot be written is named as it was given", async () => {
  await searchlight.run(["ask", docs, "What happened in May?", ...words]);
  const output = join(docs, "nowhere", "page.html");
  const { code, stderr } = await searchlight.run(["export", docs, "--html", "-o", output]);
  expect(code).toBe(1);
  expect(stderr).toBe(`${output} cannot be written because its folder does not exist; choose another file.\n`);
});

test("a folder is no model of one file", async () => {
  const { code, stderr } = await searchlight.run(["models", "from-gguf", docs]);
  expect(code).toBe(2);
  expect(stderr).toBe(`${docs} is no file; give a GGUF file.\n`);
});

test("an abstention is said once", async () => {
  const { stdout } = await searchlight.run(["ask", docs, "What is the capital of Mongolia?", ...words]);
  expect(stdout.match(/Not in these documents/g)).toHaveLength(1);
});
