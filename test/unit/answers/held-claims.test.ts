import { describe, expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import { chooseQuotes } from "../../../server/answers/choose-quote.ts";
import { numbersIn } from "../../../server/answers/held-claims.ts";

const text =
  "The aardvark telescope weighs 1,250 kg and was built in 1931 by Maria Holt in Lisbon. It is painted blue at -5 degrees. The zebra dome opened in 1944. The dome does not open in rain. Twenty-two valves of the dome are checked in spring by the night crew.";
const passage: Passage = { id: "p", title: "Plain", text };
const supported = (sentence: string): boolean =>
  chooseQuotes(sentence, [passage], [passage], "How heavy is the aardvark telescope?").length > 0;

describe("a sentence that says something else than the document", () => {
  test.each([
    "The aardvark telescope weighs 1,250 kg.",
    "The aardvark telescope weighs 1250 kg.",
    "It was built in 1931 by Maria Holt.",
    "The aardvark telescope was painted blue at −5 degrees.",
    "The zebra dome opened in 1944.",
    "The dome does not open in rain.",
    "The night crew checks 22 valves of the dome in spring.",
  ])("is supported where it says the same: %s", (sentence) => {
    expect(supported(sentence)).toBe(true);
  });

  test.each([
    ["digits changed places", "The aardvark telescope weighs 1,520 kg."],
    ["a part of a number", "The aardvark telescope weighs 250 kg."],
    ["a part of a number in another place", "The aardvark telescope weighs 1 kg and was built in 250."],
    ["another separator", "The aardvark telescope weighs 1.250 kg."],
    ["a number in words", "The aardvark telescope weighs one thousand kg."],
    ["another sign", "The aardvark telescope was painted blue at 5 degrees."],
    ["other names", "The aardvark telescope was built in 1931 by John Smith in Paris."],
    ["a denial added", "The zebra dome was not opened in 1944."],
    ["a denial taken away", "The dome does open in rain."],
  ])("is not: %s", (_, sentence) => {
    expect(supported(sentence)).toBe(false);
  });

  test("numbers are compared by value", () => {
    expect(numbersIn("1,250.50 and 12.0, two thousand and fifteen, V-9, 2024-05-01, twenty-two, 3km")).toEqual([
      "1250.5",
      "12",
      "2024",
      "5",
      "1",
      "3",
      "2015",
      "22",
      "v9",
    ]);
  });
});
