import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Recipe } from "../../protocol/recipe.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { openLocalRuns } from "../../server/local-runs.ts";
import { evaluateCheckpoints, type PolicyScores } from "./evaluate-checkpoints.ts";
import type { HeldOutSet } from "./proof-questions.ts";
import { runScores } from "./run-scores.ts";
import { setsById } from "./sets-by-id.ts";

export interface SeedRun {
  recipe: Recipe;
  run: string;
  /** Of the run. */
  folder: string;
  /** Why the run ended. */
  ended: string;
  events: RunEvent[];
  scores: PolicyScores[];
}

export interface SeedRequest {
  recipeFile: string;
  sets: readonly HeldOutSet[];
  /** The run's own evaluations measure the policies, and no engine is started for it again. */
  inRun: boolean;
  /** Most unseen questions of each set that the policies are measured on. */
  questions: number;
  /** Measures a run that was stopped as far as it got, instead of going on with it. */
  asIs: boolean;
  say(line: string): void;
  signal: AbortSignal;
}

/**
 * Runs one recipe to its end, which may be that of its budget, going on where an earlier call ended, and measures its policies. Rejects with a
 * sentence where it failed.
 */
export async function proveSeed({
  recipeFile,
  sets,
  inRun,
  questions,
  asIs,
  say,
  signal,
}: SeedRequest): Promise<SeedRun> {
  const base = dirname(recipeFile);
  const runs = openLocalRuns();
  const text = readFileSync(recipeFile, "utf8");
  const key = `proof-${Buffer.byteLength(text)}-${/"seed": (\d+)/.exec(text)?.[1]}`;
  const launched = await runs.launch(recipeFile, { key }, signal);
  if (!launched.ok) throw new Error(launched.problems.map(({ field, message }) => `${field}: ${message}`).join(" "));
  const { id } = launched;
  const before = await runs.details(id, signal);
  const stopped = before.summary.state === "stopped";
  if (["failed", "crashed"].includes(before.summary.state) || (stopped && !asIs)) await runs.resume(id, signal);
  const events: RunEvent[] = [];
  for await (const event of runs.events(id, 0, signal)) {
    events.push(event);
    const line = told(event);
    if (line !== undefined) say(line);
  }
  const { summary, folder, checkpoints, recipe } = await runs.details(id, signal);
  const trained = checkpoints.filter(({ iteration }) => iteration > 0);
  const cut = summary.state === "stopped" && trained.length > 0 && (asIs || recipe.budget.minutes !== undefined);
  if (summary.state !== "done" && !cut)
    throw new Error(`The run ${id} is ${summary.state}: ${summary.reason ?? "unknown why"}`);
  const reinforced = trained.reduce((last, each) => (each.iteration >= last.iteration ? each : last));
  const ended = { recipe, run: id, folder: folder!, ended: summary.reason ?? "", events };
  if (inRun) return { ...ended, scores: runScores(events, await setsById(base, sets)) };
  const start = checkpoints.filter(({ iteration }) => iteration === 0);
  const scores = await evaluateCheckpoints({
    recipe: Recipe.parse(recipe),
    base,
    folder: folder!,
    policies: [
      { name: "frozen", checkpoint: start[0]! },
      { name: "supervised", checkpoint: start.at(-1)! },
      { name: "reinforced", checkpoint: reinforced },
    ],
    sets,
    limit: questions,
    cache: join(base, `scores-${recipe.seed}-${questions}.json`),
    say,
    signal,
  });
  return { ...ended, scores };
}

function told(event: RunEvent): string | undefined {
  if (event.type === "supervised" && event.step % 5 === 0)
    return `supervised ${event.step}/${event.steps}: loss ${event.metrics["loss"]?.toFixed(3)}`;
  if (event.type === "iteration")
    return `iteration ${event.iteration + 1}: reward ${event.metrics["reward"]?.toFixed(3)}, searches ${event.metrics["searches"]?.toFixed(2)}, rollouts ${event.metrics["time/rollouts"]?.toFixed(1)} s, training ${event.metrics["time/train"]?.toFixed(1)} s`;
  if (event.type === "evaluation") return `evaluation at ${event.iteration}: f1 ${event.metrics["f1"]?.toFixed(3)}`;
  return event.type === "health" ? event.message : undefined;
}
