import { expect, test } from "vitest";
import { readRecipe } from "../../../server/runs/read-recipe.ts";

test("a recipe that nests without end is refused with a sentence", () => {
  for (const text of ["[".repeat(500_000), '{"a":'.repeat(100_000)]) {
    const reading = readRecipe(text);
    expect(reading).toMatchObject({ ok: false, problems: [{ field: "", severity: "error" }] });
    if (!reading.ok) expect(reading.problems[0]!.message).toContain("nests deeper");
  }
});
