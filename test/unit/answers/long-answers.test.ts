import { describe, expect, test } from "vitest";
import { answerSentences, withoutMarks } from "../../../server/answers/answer-sentences.ts";
import { numbersIn } from "../../../server/answers/held-claims.ts";

// A model that hangs writes one thing until its transcript is full. Gone through more than once, such a text would take minutes.
describe("an answer that a model wrote without an end is read", { timeout: 20_000 }, () => {
  const length = 200_000;

  test("one word of letters", () => {
    expect(numbersIn("a".repeat(length))).toEqual([]);
    expect(numbersIn(`a${"b".repeat(length)}7`)).toHaveLength(1);
    expect(numbersIn("the code V9b and x7")).toHaveLength(2);
  });

  test("white space alone, and before a full stop", () => {
    const spaces = " ".repeat(length);
    expect(withoutMarks(`a${spaces}b`)).toBe("a b");
    expect(withoutMarks(`a${spaces}.`)).toBe("a.");
    expect(answerSentences(`The gate is green${spaces}[1].`)).toEqual([{ text: "The gate is green.", named: [1] }]);
  });
});
