import { expect, test } from "vitest";
import { counted } from "../../../server/commands/counted.ts";

test("a number is followed by the word that fits it", () => {
  expect(counted(1, "question")).toBe("1 question");
  expect(counted(0, "question")).toBe("0 questions");
  expect(counted(2, "search", "searches")).toBe("2 searches");
});
