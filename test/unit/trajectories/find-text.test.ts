import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rangesHolding, standsAsWritten } from "../../../server/trajectories/file/find-text.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-find-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const signal = new AbortController().signal;

/** Writes lines and gives the ranges of those that are not left out. */
function write(lines: readonly string[], left: (line: string) => boolean = () => true) {
  const path = join(folder, "lines");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  let offset = 0;
  const ranges = lines.flatMap((line) => {
    const range = { offset, bytes: Buffer.byteLength(line), line };
    offset += range.bytes + 1;
    return left(line) ? [range] : [];
  });
  return { path, ranges };
}

test("a range is found once however often it holds the text, in any case, and text outside of ranges is not", async () => {
  const { path, ranges } = write(
    ["The Dome", "nothing", "dome DOME dome", "a dome left out", "", "über dem dome", "dom", "e"],
    (line) => !line.includes("left out"),
  );
  const found = await rangesHolding(path, ranges, "dome", signal);
  expect(found.map((index) => ranges[index]!.line)).toEqual(["The Dome", "dome DOME dome", "über dem dome"]);
});

test("a text over the border of two chunks is found, also in lines longer than a chunk", async () => {
  const chunk = 4 << 20;
  const lines = [
    "x".repeat(chunk - 5) + "the needle" + "y".repeat(100),
    "z".repeat(3 * chunk),
    "z".repeat(chunk) + "Needle",
  ];
  const { path, ranges } = write(lines);
  expect(await rangesHolding(path, ranges, "the needle", signal)).toEqual([0]);
  expect(await rangesHolding(path, ranges, "needle", signal)).toEqual([0, 2]);
});

test("characters of patterns are taken as they are", async () => {
  const { path, ranges } = write(["what is it?", "what is it", "a.b", "axb", "f(x)"]);
  const found = async (text: string): Promise<(string | undefined)[]> =>
    (await rangesHolding(path, ranges, text, signal)).map((index) => ranges[index]?.line);
  expect(await found("is it?")).toEqual(["what is it?"]);
  expect(await found("a.b")).toEqual(["a.b"]);
  expect(await found("f(x)")).toEqual(["f(x)"]);
});

test("only text that no writer of JSON escapes stands as written", () => {
  for (const text of ["the dome", "FW-2, parked", "who? (then)"]) expect(standsAsWritten(text)).toBe(true);
  for (const text of ['"', "a\\b", "größe", "a/b", "a\nb", "<tag>", ""]) expect(standsAsWritten(text)).toBe(false);
});
