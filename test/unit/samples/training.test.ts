import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scanFolder } from "../../../server/documents/scan.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { readRecipeFile } from "../../../server/runs/read-recipe.ts";
import { root, sampleQuestions } from "./observatory.ts";

const folder = join(root, "training");
const sets = { questions: 40, "held-out": 20 } as const;

const read = async (name: keyof typeof sets) => readDataSet(join(folder, `${name}.jsonl`));

test.each(["questions", "held-out"] as const)(
  "each gold answer of %s stands in the line that it names",
  async (name) => {
    const { questions, bad } = await read(name);
    expect(bad).toEqual([]);
    expect(questions.length).toBeGreaterThanOrEqual(sets[name]);
    for (const { golds, supports } of questions) {
      const [support] = supports;
      if (support?.kind !== "lines") throw new Error("A question names no line.");
      const line = readFileSync(join(root, support.path), "utf8").split("\n")[support.startLine - 1]!;
      expect(line.toLowerCase()).toContain(golds[0]!.toLowerCase());
    }
  },
);

test("no question is asked in two of training, held-out and evaluation questions", async () => {
  const all = [
    ...(await read("questions")).questions.map(({ question }) => question),
    ...(await read("held-out")).questions.map(({ question }) => question),
    ...sampleQuestions().map(({ question }) => question),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test("the recipe is one, and no file of training is indexed as a document", async () => {
  const { reading } = readRecipeFile(join(folder, "searcher.recipe.jsonc"));
  expect(reading).toMatchObject({ ok: true });
  const { files } = await scanFolder(root, [], new AbortController().signal);
  expect(files.filter(({ path }) => path.startsWith("training"))).toEqual([]);
});
