import { afterEach, beforeEach, expect, test } from "vitest";
import { withNeighbours } from "../../../server/retrieval/neighbours.ts";
import { type IndexFolder, indexFolder } from "../../fixtures/index-folder.ts";

const signal = new AbortController().signal;
let project: IndexFolder;

beforeEach(() => {
  project = indexFolder();
});
afterEach(() => project.dispose());

/** Sections long enough that none shares a passage with another. */
const sections = (names: readonly string[]): string =>
  names
    .map((name) => `## ${name}\n\nThe ${name} ${"is looked at by the night crew before dawn ".repeat(12)}.\n`)
    .join("\n");

test("the passages around a hit are those of its file, in the file's order", async () => {
  project.write("a.md", sections(["anchor", "beacon", "cradle", "dolly", "easel"]));
  project.write("b.md", sections(["filter", "gimbal"]));
  const index = await project.open();
  await index.update(signal);
  const { hits } = await index.search("cradle", 1, "words", signal);
  const [hit] = await withNeighbours([index], hits, 2);
  const names = (passages: readonly { title: string }[] = []) => passages.map(({ title }) => title.split(" › ").at(-1));
  expect(names(hit!.neighbours?.before)).toEqual(["anchor", "beacon"]);
  expect(names(hit!.neighbours?.after)).toEqual(["dolly", "easel"]);
  const [first] = (await index.search("filter", 1, "words", signal)).hits;
  expect(await index.neighbours(first!.passage, 5)).toMatchObject({ before: [], after: [{ place: { path: "b.md" } }] });
});

test("a passage that its file no longer has has none", async () => {
  project.write("a.md", sections(["anchor", "beacon", "cradle"]));
  const index = await project.open();
  await index.update(signal);
  const [hit] = (await index.search("beacon", 1, "words", signal)).hits;
  project.write("a.md", sections(["anchor", "derrick", "cradle"]));
  await index.update(signal);
  expect(await index.neighbours(hit!.passage, 1)).toEqual({ before: [], after: [] });
});
