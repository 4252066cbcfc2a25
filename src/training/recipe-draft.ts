import { recipeVersion, type RecipeInput } from "../../protocol/recipe.ts";

/** What the questions of “Launch Training…” come to. Paths are relative to the recipe's folder, with `/`. */
export interface DraftAnswers {
  name: string;
  /** Folder of documents that is searched. */
  documents: string;
  /** File of questions with gold answers. */
  questions: string;
  /** `tiny`, a model's name, or a path. */
  model: string;
  /** Address of an engine that runs already; absent: one is started on this machine. */
  engine: string | undefined;
  size: Size;
  stages: Plan;
}

/** How much is sampled and trained. */
export type Size = "try-out" | "small" | "full";
export type Plan = "two-stages" | "answers" | "supervised-then-answers";

type Stage = RecipeInput["stages"][number];
type Amount = Pick<Stage, "iterations" | "prompts" | "rollouts" | "minibatch">;

/** `full` is R1-Searcher's own: 64 questions of 16 rollouts, 256 rollouts an optimiser step. */
const amounts: Readonly<Record<Size, Amount>> = {
  "try-out": { iterations: 2, prompts: 4, rollouts: 4, minibatch: 8 },
  small: { iterations: 20, prompts: 8, rollouts: 8, minibatch: 32 },
  full: { iterations: 80, prompts: 64, rollouts: 16, minibatch: 256 },
};

const supervisedSteps: Readonly<Record<Size, number>> = { "try-out": 4, small: 60, full: 400 };
const evaluationQuestions: Readonly<Record<Size, number>> = { "try-out": 4, small: 32, full: 128 };

/** The recipe that the answers describe. Held-out questions are for the person to name: training ones would measure nothing. */
export function draftRecipe(answers: DraftAnswers): RecipeInput {
  const { name, documents, questions, model, engine, size, stages } = answers;
  return {
    version: recipeVersion,
    name,
    model: { base: model },
    engine: engine === undefined ? { kind: "local" } : { kind: "remote", url: engine },
    data: [{ file: questions, covered: true }],
    retrieval: { index: documents },
    ...(stages === "supervised-then-answers"
      ? {
          supervised: {
            files: ["experts.jsonl"],
            experts: true,
            steps: supervisedSteps[size],
            learningRate: { peak: 1e-4, schedule: "linear" as const, warmup: 0.1 },
          },
        }
      : {}),
    stages: stagesOf(stages, amounts[size]),
    ...(size === "try-out"
      ? {}
      : { health: { "valid-format-rate": { min: 0.05, after: 10, for: 3 }, "gradient-norm": { max: 100, for: 2 } } }),
    checkpoints: { every: size === "full" ? 5 : 1 },
  };
}

function stagesOf(plan: Plan, amount: Amount): Stage[] {
  const learningRate = { peak: 2e-5, schedule: "constant" as const };
  const answers: Stage = { name: "answers", reward: "paper-stage2", ...amount, learningRate };
  if (plan !== "two-stages") return [answers];
  return [
    { ...answers, name: "retrieval", reward: "paper-stage1", iterations: Math.ceil(amount.iterations / 4) },
    answers,
  ];
}

/** The recipe as the text of a file that a person goes on from: what each part is for, and what may be added. */
export function draftText(answers: DraftAnswers): string {
  const recipe = draftRecipe(answers);
  const part = (key: keyof RecipeInput): string => {
    const lines = JSON.stringify(recipe[key], null, 2).replaceAll("\n", "\n  ");
    return `  ${JSON.stringify(key)}: ${lines}`;
  };
  const present = (key: keyof RecipeInput): boolean => recipe[key] !== undefined;
  const comments: [keyof RecipeInput, string][] = [
    ["version", ""],
    ["name", "Name of the run, and of the policy that it trains."],
    ["model", "What is trained: a LoRA adapter over this model."],
    ["engine", "Who holds the weights."],
    ["data", "Questions with gold answers. Those whose answer the documents do not hold are left out."],
    ["retrieval", "What the policy searches."],
    [
      "supervised",
      "Imitation of trajectories that a program makes from the training questions, before reinforcement learning.",
    ],
    ["stages", "Reinforcement learning, stage by stage. Hover a field to read what it does."],
    ["health", "Outside of these bounds the run pauses and says why."],
    ["checkpoints", "A crash costs what came after the last one."],
  ];
  const fields = comments
    .filter(([key]) => present(key))
    .map(([key, comment]) => (comment === "" ? part(key) : `  // ${comment}\n${part(key)}`));
  const evaluation = [
    "  // Questions that are never trained on show whether it learns. Name a file of them:",
    `  // "evaluation": { "data": [{ "file": "held-out.jsonl", "limit": ${evaluationQuestions[answers.size]} }], "every": 5 }`,
  ].join("\n");
  return `{\n${fields.join(",\n\n")}\n\n${evaluation}\n}\n`;
}

/** A name that a recipe takes, made of any text. */
export function recipeName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
  return name === "" ? "searcher" : name;
}
