import { describe, expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { spread } from "../../../server/index/spread.ts";

const passage = (
  id: string,
  path: string,
  headings: string[],
  text = `Words of ${id} alone, ${id.repeat(3)}`,
): Passage => ({
  id,
  title: "",
  text,
  place: { folder: "f", path, startLine: 1, endLine: 1, headings, contentHash: "h" },
});
const ids = (hits: readonly { passage: Passage }[]): string[] => hits.map(({ passage: { id } }) => id);

describe("a spread list", () => {
  test("counts what comes from a page or section again for less", () => {
    const hits = [
      { passage: passage("a", "one.md", ["One", "X"]), score: 1 },
      { passage: passage("b", "one.md", ["One", "X"]), score: 0.9 },
      { passage: passage("c", "one.md", ["One", "Y"]), score: 0.9 },
      { passage: passage("d", "two.md", ["Two"]), score: 0.8 },
    ];
    const list = spread(hits);
    expect(ids(list)).toEqual(["a", "d", "c", "b"]);
    expect(list.map(({ repetition }) => repetition)).toEqual([1, 1, 0.85 ** 2, 0.85 * 0.75]);
    expect(list.every(({ score }, at) => at === 0 || score <= list[at - 1]!.score)).toBe(true);
  });

  test("leaves a file without headings and passages without a place as they are", () => {
    const hits = ["a", "b", "c"].map((id) => ({ passage: passage(id, "book.txt", []), score: 1 }));
    expect(spread(hits).every(({ repetition }) => repetition === 1)).toBe(true);
    const { place: _, ...bare } = passage("x", "x", ["X"]);
    expect(
      spread([
        { passage: bare, score: 1 },
        { passage: { ...bare, id: "y", text: "other" }, score: 1 },
      ]),
    ).toHaveLength(2);
  });

  const text =
    "The dome is heated from four in the afternoon on, so that no ice forms on the shutters while the night crew waits for the sky to clear above the hill.";
  test("folds near copies into the best of them and keeps their places", () => {
    const hits = [
      { passage: passage("a", "v2/dome.md", ["Dome"], text), score: 1 },
      { passage: passage("b", "v1/dome.md", ["Dome"], `${text.toUpperCase()}`), score: 0.9 },
      { passage: passage("c", "v0/dome.md", ["Dome"], text.replace("four", "five")), score: 0.8 },
      { passage: passage("d", "other.md", ["Dome"], `${text.slice(0, 70)} nobody has to climb up there.`), score: 0.7 },
    ];
    const list = spread(hits);
    expect(ids(list)).toEqual(["a", "c", "d"]);
    expect(list[0]!.copies.map(({ id }) => id)).toEqual(["b"]);
  });

  test("two short texts are copies only where they are the same", () => {
    const hits = ["Born in 1990.", "Born in 1991.", "Born in 1990."].map((each, at) => ({
      passage: passage(`${at}`, `${at}.md`, [], each),
      score: 1,
    }));
    expect(ids(spread(hits))).toEqual(["0", "1"]);
  });
});
