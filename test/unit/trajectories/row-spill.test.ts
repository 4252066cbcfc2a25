import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RowSpill } from "../../../server/trajectories/file/row-spill.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-spill-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Short ones, one that fills more than is kept back, and letters of several bytes. */
const texts = Array.from({ length: 2000 }, (_, at) =>
  at === 700 ? "ß".repeat(400_000) : `${at} · ${"é".repeat(at % 300)}`,
);

function roundTrip(): void {
  const spill = new RowSpill();
  const places = texts.map((text) => spill.add(text));
  for (const at of [1999, 0, 700, 699, 701, 1000]) expect(spill.read(places[at]!)).toBe(texts[at]);
  expect(places.map((place) => spill.read(place))).toEqual(texts);
  spill.close();
}

test("texts come back from a file that has no name, and nothing of it is left", () => {
  vi.stubEnv("TMPDIR", folder);
  roundTrip();
  expect(readdirSync(folder)).toEqual([]);
});

test("where no file can be written they come back from memory", () => {
  vi.stubEnv("TMPDIR", join(folder, "missing"));
  roundTrip();
});

test("a text that is no longer kept is an error and not another text", () => {
  vi.stubEnv("TMPDIR", folder);
  const spill = new RowSpill();
  const [first] = texts.map((text) => spill.add(text));
  spill.close();
  expect(() => spill.read(first!)).toThrow("open it again");
});
