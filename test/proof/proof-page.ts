import { mean } from "simple-statistics";
import type { PolicyScores } from "./evaluate-checkpoints.ts";
import { interval, pairedRows, scoreRow } from "./proof-intervals.ts";
import { meanScores, type ProofResults, type SeedResult } from "./proof-results.ts";

/** The report of the proofs as Markdown, one part for each machine. */
export function proofPage(proofs: readonly ProofResults[]): string {
  return `# Results: training

Written by \`npm run proof\` from the results in \`test/proof/results/\`. SmolLM2-135M-Instruct, through a recipe, the training loop and a run like
any other. The frozen, the supervised and the reinforced policy answer the same unseen questions, with the same seeds; questions are made by
program from templates that training and unseen questions share, and no page that answers an unseen question answers one of training. Values are
means over the seeds with 95 % intervals (bootstrap over questions, each with its mean over the seeds); differences are paired by question.
${proofs.map(part).join("")}`;
}

function part({ size, command, machine, versions, corpora, passages, notes, seeds }: ProofResults): string {
  const { recipe } = seeds[0]!;
  const stage = recipe.stages[0]!;
  const scores = meanScores(seeds.map((seed) => seed.scores));
  const engine = Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
  return `
## ${recipe.engine.kind === "local" && recipe.engine.device === "cuda" ? "On a GPU" : "On a processor"} (\`${size}\`)

- Command: \`${command}\`, on ${machine}.
${engine ? `- Engine: ${engine}.\n` : ""}- Corpus: the first words of ${passages.toLocaleString("en")} Wikipedia introductions (${corpora.join(", ")}), searched by words, one passage a query.
- Supervised start: ${recipe.supervised?.steps} steps of ${recipe.supervised?.batch} trajectories of a program that knows the answer.
- Reinforcement learning: ${stage.prompts} questions × ${stage.rollouts} rollouts an iteration, ${stage.minibatch} a step; reward ${stage.reward}, ${stage.estimator}, learning rate ${stage.learningRate.peak}. Iterations: ${seeds.map(({ iterations }) => iterations.length).join(", ")} of ${stage.iterations}.
${notes.map((note) => `- ${note}\n`).join("")}${setsOf(scores)
    .map((set) => setPart(set, scores, seeds))
    .join("")}${pace(seeds)}${seeds.map(curves).join("")}`;
}

function setsOf(scores: readonly PolicyScores[]): string[] {
  const order = scores.filter(({ name, temperature }) => name === scores[0]!.name && temperature === 0);
  return [...new Set(order.map(({ set }) => set))];
}

const policies = ["frozen", "supervised", "reinforced"];
const byPolicy = (a: PolicyScores, b: PolicyScores): number =>
  policies.indexOf(a.name) - policies.indexOf(b.name) || a.temperature - b.temperature;

function setPart(set: string, all: readonly PolicyScores[], seeds: readonly SeedResult[]): string {
  const scores = all.filter((each) => each.set === set).toSorted(byPolicy);
  return `
### Unseen questions: ${set} (${scores[0]!.ids.length})

| policy | T | valid form | F1 | exact | searches | pages found |
|---|---|---|---|---|---|---|
${scores.map(scoreRow).join("\n")}
${pairedTable(scores)}
| F1 by seed | T |${seeds.map(({ recipe }) => ` seed ${recipe.seed} |`).join("")}
|---|---|${seeds.map(() => "---|").join("")}
${scores.map((row) => seedRow(row, seeds)).join("\n")}
`;
}

function pairedTable(scores: readonly PolicyScores[]): string {
  const rows = pairedRows(scores);
  if (rows.length === 0) return "";
  return `
| compared | T | valid form | F1 | exact |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function seedRow({ name, temperature, set }: PolicyScores, seeds: readonly SeedResult[]): string {
  const cells = seeds.map(({ scores }) => {
    const own = scores.find((each) => each.name === name && each.temperature === temperature && each.set === set);
    return ` ${own ? mean(own.f1).toFixed(2) : "–"} |`;
  });
  return `| ${name} | ${temperature} |${cells.join("")}`;
}

/** How fast it was, without the first iterations, in which programs are compiled. */
function pace(seeds: readonly SeedResult[]): string {
  const rows = seeds.map(({ recipe, iterations, seconds, supervisedSeconds, spent }) => {
    const settled = iterations.slice(Math.min(3, iterations.length - 1)).map(({ metrics }) => metrics);
    const { prompts, rollouts } = recipe.stages[0]!;
    const of = (name: string): number[] => settled.flatMap((metrics) => metrics[name] ?? []);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const seconds3 = (name: string): string => (of(name).length > 0 ? interval(of(name), false) : "–");
    const sampled = sum(of("policy-tokens")) * prompts * rollouts;
    const rate = sampled / sum(of("time/rollouts"));
    return `| ${recipe.seed} | ${(seconds / 60).toFixed(1)} | ${(supervisedSeconds / 60).toFixed(1)} | ${seconds3("time/rollouts")} | ${seconds3("time/train")} | ${Number.isFinite(rate) ? Math.round(rate).toLocaleString("en") : "–"} | ${spent.policyTokens.toLocaleString("en")} | ${spent.trainedTokens.toLocaleString("en")} | ${spent.searches.toLocaleString("en")} |`;
  });
  return `
### Pace

Seconds of an iteration's phases leave out the first three iterations, or the first of fewer, in which programs are compiled${seeds.length > 1 ? "; where seeds ran together they shared the machine" : ""}.

| seed | minutes | of which supervised | seconds of rollouts | seconds of training | tokens sampled a second | tokens sampled | tokens trained | searches |
|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}
`;
}

function curves({ recipe, supervised, iterations }: SeedResult): string {
  const shown = supervised.filter(({ step }) => step === 1 || step % Math.ceil(supervised.length / 10) === 0);
  const names = ["reward", "valid-format-rate", "answer-rate", "searches", "entropy", "gradient-norm"];
  const number = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(2));
  return `
### Seed ${recipe.seed}

Supervised start, loss per token by step: ${shown.map(({ step, loss }) => `${step}: ${loss.toFixed(3)}`).join(", ")}.

Reinforcement learning; entropy and gradient norm are missing where every group's rewards were equal and nothing was trained:

| iteration | reward | valid form | answer rate | searches | entropy | gradient norm |
|---|---|---|---|---|---|---|
${iterations.map(({ iteration, metrics }) => `| ${iteration + 1} | ${names.map((name) => number(metrics[name])).join(" | ")} |`).join("\n")}
${curve("reward", iterations)}${curve("searches", iterations)}`;
}

/** A metric over the iterations as a Mermaid chart, which Markdown's viewers draw; nothing of fewer than three. */
function curve(name: string, iterations: SeedResult["iterations"]): string {
  const values = iterations.flatMap(({ metrics }) => metrics[name] ?? []);
  if (values.length < 3) return "";
  return `
\`\`\`mermaid
xychart-beta
  x-axis "iteration" 1 --> ${values.length}
  y-axis "${name}" ${Math.min(0, Math.floor(Math.min(...values)))} --> ${Math.ceil(Math.max(...values, 1))}
  line [${values.map((value) => value.toFixed(2)).join(", ")}]
\`\`\`
`;
}
