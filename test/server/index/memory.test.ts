import * as lance from "@lancedb/lancedb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lanceSession } from "../../../server/lance.ts";
import { openStoredTable } from "../../../server/trajectories/stored-table.ts";
import { type IndexFolder, indexFolder, page, pathsFound } from "../../fixtures/index-folder.ts";

const sessions = vi.hoisted((): { approxNumItems(): number }[] => []);

vi.mock("../../../server/lance.ts", async (original) => {
  const module = await original<typeof import("../../../server/lance.ts")>();
  return {
    ...module,
    lanceSession: (...given: Parameters<typeof module.lanceSession>) => {
      const session = module.lanceSession(...given);
      sessions.push(session);
      return session;
    },
  };
});

let docs: IndexFolder;

beforeEach(() => {
  sessions.length = 0;
  docs = indexFolder();
});
afterEach(() => docs.dispose());

// A connection that was given none has caches of seven gigabytes, and leaves these empty.
test("an index and the stored trajectories each use the bounded caches that they were given", async () => {
  docs.write("a.md", page("a", "astrolabe"));
  const index = await docs.open();
  await index.update(new AbortController().signal);
  expect(await pathsFound(index, "astrolabe", "hybrid")).toEqual(["a.md"]);
  expect(sessions.map((session) => session.approxNumItems() > 0)).toEqual([true]);
  const table = await openStoredTable(`${docs.root}/trajectories`);
  await table!.countRows();
  table!.close();
  expect(sessions.map((session) => session.approxNumItems() > 0)).toEqual([true, true]);
  expect(sessions[0]).not.toBe(sessions[1]);
  expect(lanceSession(lance)).not.toBe(sessions[0]);
});
