import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Recipe } from "../../protocol/recipe.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { openLocalRuns } from "../../server/local-runs.ts";
import { evaluateCheckpoints, type PolicyScores } from "./evaluate-checkpoints.ts";

export interface SeedResult {
  recipe: Recipe;
  run: string;
  events: RunEvent[];
  scores: PolicyScores[];
}

export interface SeedRequest {
  recipeFile: string;
  /** Unseen questions that the policies are measured on. */
  questions: number;
  say(line: string): void;
  signal: AbortSignal;
}

/** Runs one recipe to its end, going on where an earlier call ended, and measures its policies. Rejects with a sentence where it failed. */
export async function proveSeed({ recipeFile, questions, say, signal }: SeedRequest): Promise<SeedResult> {
  const base = dirname(recipeFile);
  const runs = openLocalRuns();
  const key = `proof-${Buffer.from(readFileSync(recipeFile)).length}-${/"seed": (\d+)/.exec(readFileSync(recipeFile, "utf8"))?.[1]}`;
  const launched = await runs.launch(recipeFile, { key }, signal);
  if (!launched.ok) throw new Error(launched.problems.map(({ field, message }) => `${field}: ${message}`).join(" "));
  const { id } = launched;
  const before = await runs.details(id, signal);
  if (["stopped", "failed", "crashed"].includes(before.summary.state)) await runs.resume(id, signal);
  const events: RunEvent[] = [];
  for await (const event of runs.events(id, 0, signal)) {
    events.push(event);
    const line = told(event);
    if (line !== undefined) say(line);
  }
  const { summary, folder, checkpoints, recipe } = await runs.details(id, signal);
  if (summary.state !== "done")
    throw new Error(`The run ${id} is ${summary.state}: ${summary.reason ?? "unknown why"}`);
  const start = checkpoints.filter(({ iteration }) => iteration === 0);
  const reinforced = checkpoints.reduce((last, each) => (each.iteration >= last.iteration ? each : last));
  const scores = await evaluateCheckpoints({
    recipe: Recipe.parse({
      ...recipe,
      evaluation: { ...recipe.evaluation, data: [{ file: "held-out.jsonl", limit: questions }] },
    }),
    base,
    folder: folder!,
    policies: [
      { name: "frozen", checkpoint: start[0]! },
      { name: "supervised", checkpoint: start.at(-1)! },
      { name: "reinforced", checkpoint: reinforced },
    ],
    cache: join(base, `scores-${recipe.seed}-${questions}.json`),
    say,
    signal,
  });
  return { recipe, run: id, events, scores };
}

function told(event: RunEvent): string | undefined {
  if (event.type === "supervised" && event.step % 5 === 0)
    return `supervised ${event.step}/${event.steps}: loss ${event.metrics["loss"]?.toFixed(3)}`;
  if (event.type === "iteration")
    return `iteration ${event.iteration + 1}: reward ${event.metrics["reward"]?.toFixed(3)}`;
  if (event.type === "evaluation") return `evaluation at ${event.iteration}: f1 ${event.metrics["f1"]?.toFixed(3)}`;
  return event.type === "health" ? event.message : undefined;
}
