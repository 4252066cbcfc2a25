// The proof that the searcher learns: one recipe, run as any other, then its frozen, supervised and reinforced policies on the same unseen
// questions. Every part is kept in the output folder, so that a second call goes on where the first ended.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Recipe } from "../../protocol/recipe.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { openLocalRuns } from "../../server/local-runs.ts";
import { evaluateCheckpoints, type PolicyScores } from "./evaluate-checkpoints.ts";
import { proofPage } from "./proof-page.ts";
import { writeProofRecipe } from "./proof-recipe.ts";

const root = join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "out", "proof") },
    passages: { type: "string", default: join(root, "..", "shared", "data", "hotpotqa", "passages.jsonl") },
    questions: { type: "string", default: "128" },
  },
});
const signal = AbortSignal.timeout(6 * 3600_000);
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

if (!existsSync(values.passages)) {
  console.error(`${values.passages} is not there; name a file of passages with --passages.`);
  process.exit(2);
}
process.env["SEARCHLIGHT_HOME"] ??= join(values.out, "home");
const recipeFile = writeProofRecipe(values.out, values.passages);
const runs = openLocalRuns();
const key = `proof-${Buffer.from(readFileSync(recipeFile)).length}`;
const launched = await runs.launch(recipeFile, { key }, signal);
if (!launched.ok) {
  for (const { field, message } of launched.problems) console.error(`${field}: ${message}`);
  process.exit(1);
}
const { id } = launched;
const before = await runs.details(id, signal);
if (["stopped", "failed", "crashed"].includes(before.summary.state)) await runs.resume(id, signal);
const events: RunEvent[] = [];
for await (const event of runs.events(id, 0, signal)) {
  events.push(event);
  if (event.type === "supervised" && event.step % 5 === 0)
    say(`supervised ${event.step}/${event.steps}: loss ${event.metrics["loss"]?.toFixed(3)}`);
  if (event.type === "iteration")
    say(`iteration ${event.iteration + 1}: reward ${event.metrics["reward"]?.toFixed(3)}`);
  if (event.type === "evaluation") say(`evaluation at ${event.iteration}: f1 ${event.metrics["f1"]?.toFixed(3)}`);
  if (event.type === "health") say(event.message);
}
const { summary, folder, checkpoints, recipe } = await runs.details(id, signal);
say(`${summary.state}: ${summary.reason ?? ""}`);
if (summary.state !== "done") process.exit(1);
const reinforced = checkpoints.reduce((last, each) => (each.iteration >= last.iteration ? each : last));
const start = checkpoints.filter(({ iteration }) => iteration === 0);
const scores: PolicyScores[] = await evaluateCheckpoints({
  recipe: Recipe.parse({
    ...recipe,
    evaluation: { ...recipe.evaluation, data: [{ file: "held-out.jsonl", limit: Number(values.questions) }] },
  }),
  base: values.out,
  folder: folder!,
  policies: [
    { name: "frozen", checkpoint: start[0]! },
    { name: "supervised", checkpoint: start.at(-1)! },
    { name: "reinforced", checkpoint: reinforced },
  ],
  cache: join(values.out, "scores.json"),
  say,
  signal,
});
const page = join(root, "docs", "results-training.md");
writeFileSync(page, proofPage(recipe, events, scores));
say(`Wrote ${page}.`);
process.exit(0);
