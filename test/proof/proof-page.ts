import { mean } from "simple-statistics";
import type { Recipe } from "../../protocol/recipe.ts";
import type { RunEvent } from "../../protocol/run.ts";
import { bootstrapMean } from "../../server/evaluation/statistics/bootstrap.ts";
import { pairedDifference } from "../../server/evaluation/statistics/paired-difference.ts";
import type { PolicyScores } from "./evaluate-checkpoints.ts";

const seed = 1;

/** The report of the proof as Markdown. */
export function proofPage(recipe: Recipe, events: readonly RunEvent[], scores: readonly PolicyScores[]): string {
  const questions = scores[0]?.f1.length ?? 0;
  const stage = recipe.stages[0]!;
  return `# Results: training

Written by \`npm run proof\`. SmolLM2-135M-Instruct on the CPU engine, through a recipe, the training loop and a run like any other.

- Corpus: the first 40 words of 10,780 Wikipedia introductions (HotpotQA), searched by words, one passage a query.
- Questions: one fact of one passage, made by program from templates that both halves share; split by a hash of the title, so that no passage
  that answers an unseen question answers one of training. ${questions} unseen questions.
- Supervised start: ${recipe.supervised?.steps} steps of ${recipe.supervised?.batch} trajectories of a program that knows the answer.
- Reinforcement learning: ${stage.iterations} iterations of ${stage.prompts} questions × ${stage.rollouts} rollouts, reward ${stage.reward}, ${stage.estimator}, learning rate ${stage.learningRate.peak}.
- One seed (${recipe.seed}). Values are means with 95 % intervals (bootstrap over questions).

## Unseen questions

| policy | T | valid form | F1 | exact | searches |
|---|---|---|---|---|---|
${scores.map(row).join("\n")}

## Paired differences

| compared | T | valid form | F1 |
|---|---|---|---|
${comparisons(scores).join("\n")}

## Supervised start

| step | loss per token |
|---|---|
${supervised(events).join("\n")}

## Reinforcement learning

| iteration | reward | valid form | answer rate | searches | entropy | gradient norm |
|---|---|---|---|---|---|---|
${iterations(events).join("\n")}
`;
}

function interval(values: readonly number[], percent: boolean): string {
  const found = bootstrapMean(values, seed)!;
  const text = (value: number): string => (percent ? `${(100 * value).toFixed(0)}` : value.toFixed(2));
  return `${text(found.mean)}${percent ? " %" : ""} (${text(found.low)}–${text(found.high)})`;
}

function row({ name, temperature, form, f1, em, searches }: PolicyScores): string {
  return `| ${name} | ${temperature} | ${interval(form, true)} | ${interval(f1, false)} | ${interval(em, false)} | ${mean(searches).toFixed(2)} |`;
}

function comparisons(scores: readonly PolicyScores[]): string[] {
  const pairs = [
    ["frozen", "supervised"],
    ["supervised", "reinforced"],
  ] as const;
  return [0, 1].flatMap((temperature) =>
    pairs.flatMap(([first, second]) => {
      const [a, b] = [first, second].map((name) =>
        scores.find((each) => each.name === name && each.temperature === temperature),
      );
      if (!a || !b) return [];
      const said = (key: "form" | "f1"): string => {
        const { difference, low, high, verdict } = pairedDifference(a[key], b[key], seed);
        return `${difference >= 0 ? "+" : "−"}${Math.abs(difference).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}, ${verdict})`;
      };
      return [`| ${second} − ${first} | ${temperature} | ${said("form")} | ${said("f1")} |`];
    }),
  );
}

function supervised(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "supervised" && (event.step === 1 || event.step % 4 === 0)
      ? [`| ${event.step} | ${event.metrics["loss"]!.toFixed(3)} |`]
      : [],
  );
}

function iterations(events: readonly RunEvent[]): string[] {
  const latest = new Map(
    events.flatMap((event) => (event.type === "iteration" ? [[event.iteration, event.metrics]] : [])),
  );
  const number = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(2));
  return [...latest].map(
    ([iteration, metrics]) =>
      `| ${iteration + 1} | ${["reward", "valid-format-rate", "answer-rate", "searches", "entropy", "gradient-norm"].map((name) => number(metrics[name])).join(" | ")} |`,
  );
}
