import * as lance from "@lancedb/lancedb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lanceSession } from "../../../server/lance.ts";
import { openStoredTable } from "../../../server/trajectories/stored-table.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";

let docs: IndexFolder;

beforeEach(() => {
  docs = indexFolder();
});
afterEach(() => docs.dispose());

test("every connection of the process uses the one session, whose caches are bounded", async () => {
  const session = lanceSession(lance);
  expect(lanceSession(lance)).toBe(session);
  const entries = [session.approxNumItems()];
  docs.write("a.md", page("a", "astrolabe"));
  const index = await docs.open();
  await index.update(new AbortController().signal);
  expect(await pathsFound(index, "astrolabe", "hybrid")).toEqual(["a.md"]);
  entries.push(session.approxNumItems());
  const table = await openStoredTable(`${docs.root}/trajectories`);
  await table!.countRows();
  table!.close();
  entries.push(session.approxNumItems());
  // A connection without it has caches of its own, of seven gigabytes, and leaves these empty.
  expect(entries[1]).toBeGreaterThan(entries[0]!);
  expect(entries[2]).toBeGreaterThan(entries[1]!);
});
