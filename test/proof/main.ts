// The proof that the searcher learns: one recipe, run as any other with each of several seeds, then its frozen, supervised and reinforced
// policies on the same unseen questions. Every part is kept in the output folder, so that a second call goes on where the first ended.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { proofPage } from "./proof-page.ts";
import { writeProofRecipe } from "./proof-recipe.ts";
import { type SeedResult, proveSeed } from "./prove-seed.ts";

const root = join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "out", "proof") },
    passages: { type: "string", default: join(root, "..", "shared", "data", "hotpotqa", "passages.jsonl") },
    questions: { type: "string", default: "128" },
    seeds: { type: "string", default: "1" },
  },
});
const signal = AbortSignal.timeout(12 * 3600_000);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

if (!existsSync(values.passages)) {
  console.error(`${values.passages} is not there; name a file of passages with --passages.`);
  process.exit(2);
}
process.env["SEARCHLIGHT_HOME"] ??= join(values.out, "home");
const results: SeedResult[] = [];
for (const seed of values.seeds.split(",").map(Number)) {
  say(`Seed ${seed}`);
  const recipeFile = writeProofRecipe(values.out, values.passages, seed);
  results.push(await proveSeed({ recipeFile, questions: Number(values.questions), say, signal }));
}
const page = join(root, "docs", "results-training.md");
writeFileSync(page, proofPage(results));
say(`Wrote ${page}. searchlight runs keep ${results[0]!.run} makes the first seed's policy one that answers.`);
process.exit(0);
