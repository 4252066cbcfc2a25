import { mean } from "simple-statistics";
import type { RunEvent } from "../../protocol/run.ts";
import { bootstrapMean } from "../../server/evaluation/statistics/bootstrap.ts";
import { pairedDifference } from "../../server/evaluation/statistics/paired-difference.ts";
import type { PolicyScores } from "./evaluate-checkpoints.ts";
import type { SeedResult } from "./prove-seed.ts";

/** Of the intervals. */
const seed = 1;

/** The report of the proof as Markdown. */
export function proofPage(results: readonly SeedResult[]): string {
  const { recipe } = results[0]!;
  const scores = meanScores(results.map((result) => result.scores));
  const questions = scores[0]?.f1.length ?? 0;
  const stage = recipe.stages[0]!;
  return `# Results: training

Written by \`npm run proof\`. SmolLM2-135M-Instruct on the CPU engine, through a recipe, the training loop and a run like any other.

- Corpus: the first 40 words of 10,780 Wikipedia introductions (HotpotQA), searched by words, one passage a query.
- Questions: one fact of one passage, made by program from templates that both halves share; split by a hash of the title, so that no passage
  that answers an unseen question answers one of training. ${questions} unseen questions.
- Supervised start: ${recipe.supervised?.steps} steps of ${recipe.supervised?.batch} trajectories of a program that knows the answer.
- Reinforcement learning: ${stage.iterations} iterations of ${stage.prompts} questions × ${stage.rollouts} rollouts, reward ${stage.reward}, ${stage.estimator}, learning rate ${stage.learningRate.peak}.
- Seeds ${results.map((result) => result.recipe.seed).join(", ")}: each is a supervised start and a reinforcement learning of its own. Values are means over the seeds with 95 %
  intervals (bootstrap over questions, each with its mean over the seeds).

## Unseen questions

| policy | T | valid form | F1 | exact | searches |
|---|---|---|---|---|---|
${scores.map(row).join("\n")}

## Paired differences

| compared | T | valid form | F1 |
|---|---|---|---|
${comparisons(scores).join("\n")}

F1 seed by seed:

| policy | T |${results.map((result) => ` seed ${result.recipe.seed} |`).join("")}
|---|---|${results.map(() => "---|").join("")}
${bySeed(results).join("\n")}
${results.map(curves).join("")}`;
}

function curves({ recipe, events }: SeedResult): string {
  return `
## Seed ${recipe.seed}

Supervised start:

| step | loss per token |
|---|---|
${supervised(events).join("\n")}

Reinforcement learning; entropy and gradient norm are missing where every group's rewards were equal and nothing was trained:

| iteration | reward | valid form | answer rate | searches | entropy | gradient norm |
|---|---|---|---|---|---|---|
${iterations(events).join("\n")}
`;
}

/** Each question's mean over the seeds, for each policy and temperature. */
function meanScores(seeds: readonly (readonly PolicyScores[])[]): PolicyScores[] {
  return seeds[0]!.map((first) => {
    const same = seeds.map((scores) =>
      scores.find((each) => each.name === first.name && each.temperature === first.temperature)!,
    );
    const means = (key: "f1" | "em" | "form" | "searches"): number[] =>
      first[key].map((_, at) => mean(same.map((scores) => scores[key][at]!)));
    return { ...first, f1: means("f1"), em: means("em"), form: means("form"), searches: means("searches") };
  });
}

function bySeed(results: readonly SeedResult[]): string[] {
  return results[0]!.scores.map(({ name, temperature }) => {
    const cells = results.map(({ scores }) => {
      const own = scores.find((each) => each.name === name && each.temperature === temperature)!;
      return ` ${mean(own.f1).toFixed(2)} |`;
    });
    return `| ${name} | ${temperature} |${cells.join("")}`;
  });
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
