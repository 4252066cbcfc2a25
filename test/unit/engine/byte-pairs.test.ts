import { expect, test } from "vitest";
import { byteLetters, byteWords, learnBytePairs } from "../../../server/engine/byte-pairs.ts";

test("every byte has a letter of its own, as in GPT-2", () => {
  expect(new Set(byteLetters).size).toBe(256);
  expect(byteLetters[0x41]).toBe("A");
  // The space is Ġ and the line feed Ċ in GPT-2's vocabulary.
  expect([byteLetters[0x20], byteLetters[0x0a], byteLetters[0xad]]).toEqual(["Ġ", "Ċ", "Ń"]);
});

test("words keep the space before them, and every digit stands alone", () => {
  expect(byteWords("the dome's 42 m")).toEqual(["the", "Ġdome", "'s", "Ġ", "4", "2", "Ġm"]);
  expect(byteWords("a  b\n")).toEqual(["a", "Ġ", "Ġb", "Ċ"]);
});

test("the most frequent pair is merged first, then pairs of what was merged", () => {
  const { merges, tokens } = learnBytePairs(["low low low lower newest newest"], 4);
  // "lo" and "ow" occur four times each ("l o" is the first in code point order), then "lo w", then with the space.
  expect(merges.slice(0, 2)).toEqual([
    ["l", "o"],
    ["lo", "w"],
  ]);
  expect(merges[2]).toEqual(["Ġ", "low"]);
  expect(tokens).toHaveLength(256 + 4);
  expect(tokens.slice(256)).toEqual(merges.map(([left, right]) => left + right));
});

test("overlapping pairs in one word are counted and merged as they stand", () => {
  const { merges } = learnBytePairs(["aaaa aaaa"], 3);
  expect(merges[0]).toEqual(["a", "a"]);
  expect(merges[1]).toEqual(["aa", "aa"]);
});

test("a pair that occurs once is not learnt", () => {
  expect(learnBytePairs(["abc"], 10).merges).toEqual([]);
});

test("the order of the texts does not matter", () => {
  const texts = ["one fish two fish", "red fish blue fish", "été à la mer"];
  expect(learnBytePairs(texts, 30)).toEqual(learnBytePairs(texts.toReversed(), 30));
});
