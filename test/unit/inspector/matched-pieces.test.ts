import fc from "fast-check";
import { expect, test } from "vitest";
import { matchedPieces } from "../../../media/inspector/matched-pieces.ts";

const marked = (text: string, matched: string[]): string[] =>
  matchedPieces(text, matched).flatMap((piece) => (piece.matched ? [piece.text] : []));

test("words are marked in every form that shares their stem, and no part of another word", () => {
  expect(marked("The Domes opened; a dome opens, the domestic opening.", ["domes", "opening"])).toEqual([
    "Domes",
    "opened",
    "dome",
    "opens",
    "opening",
  ]);
  expect(marked("Émile saw émile", ["émile"])).toEqual(["Émile", "émile"]);
});

test("scripts without spaces are marked character by character", () => {
  expect(marked("望遠鏡を開く", ["開く"]).join("")).toBe("開く");
});

test("the pieces of any text are the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.string()), (text, matched) => {
      const pieces = matchedPieces(text, matched);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      expect(pieces.every((piece) => piece.text !== "")).toBe(true);
    }),
  );
});
