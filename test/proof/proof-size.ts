import type { RecipeInput } from "../../protocol/recipe.ts";

/** How much is trained, on what, and with which engine. */
export interface ProofSize {
  /** Words of a passage in the proof's corpus: what keeps a whole transcript within some hundred tokens. */
  words: number;
  /** Questions that need two pages as well. */
  twoHop: boolean;
  /** Folders of multi-hop sets whose passages are the corpus; the first one's questions are asked as well where `twoHop`. */
  corpora: readonly string[];
  /** Most questions of each kind. */
  training: { single: number; twoHop: number };
  /** Most unseen questions of each set; those that people wrote are asked where two pages are. */
  heldOut: { single: number; twoHop: number; written: number };
  /** Base model: `tiny` tries the way only. */
  model: "smollm2" | "tiny";
  about: string;
  engine: Exclude<NonNullable<RecipeInput["engine"]>, { kind: "remote" }>;
  supervised: NonNullable<RecipeInput["supervised"]>;
  stage: RecipeInput["stages"][number];
  /** Questions of each set at the run's own evaluations, which are greedy. */
  watched: number;
  /**
   * Measures the policies by those evaluations alone. On a GPU the programs of another engine would be compiled for longer than all of the
   * questions take.
   */
  inRun: boolean;
  /** Iterations between checkpoints, and between evaluations where the policies are measured by them. */
  saved: number;
}

const supervised = { experts: true, minReward: 0.99, epochs: 100 } as const;
const stage = { name: "answers", reward: "paper-stage2", estimator: "reinforce++-baseline" } as const;

/** `small`: about an hour on two cores. `medium`: questions of two pages as well, about two hours there. `large`: minutes on a data centre's GPU. `trial`: the same way in a few minutes, which proves nothing. */
export const proofSizes = {
  small: {
    words: 40,
    twoHop: false,
    corpora: ["hotpotqa"],
    training: { single: 400, twoHop: 0 },
    heldOut: { single: 128, twoHop: 0, written: 0 },
    model: "smollm2",
    about: "SmolLM2-135M-Instruct learns to search and answer single facts on a CPU.",
    engine: { kind: "local", samplingWidth: 32, microBatch: 8 },
    supervised: {
      ...supervised,
      steps: 40,
      batch: 8,
      learningRate: { peak: 1e-3, schedule: "linear", warmup: 0.1 },
    },
    stage: { ...stage, iterations: 16, prompts: 4, rollouts: 8, minibatch: 32, learningRate: { peak: 4e-4 } },
    watched: 32,
    inRun: false,
    saved: 4,
  },
  medium: {
    words: 40,
    twoHop: true,
    corpora: ["hotpotqa", "2wikimultihopqa"],
    training: { single: 400, twoHop: 900 },
    heldOut: { single: 32, twoHop: 128, written: 0 },
    model: "smollm2",
    about: "SmolLM2-135M-Instruct learns to search once or twice and to answer on a CPU.",
    engine: { kind: "local", samplingWidth: 48, microBatch: 8 },
    supervised: {
      ...supervised,
      steps: 60,
      batch: 8,
      learningRate: { peak: 1e-3, schedule: "linear", warmup: 0.1 },
    },
    // Questions that one search answers would teach to search once: few questions an iteration leave that drift uncorrected. So does a mean
    // over each sequence, in which a token of a short transcript weighs more than one of a long transcript.
    stage: {
      ...stage,
      data: [{ file: "training-two-hop.jsonl" }],
      reduction: "token-mean",
      ...{ iterations: 12, prompts: 6, rollouts: 8, minibatch: 48, learningRate: { peak: 2e-4 } },
    },
    watched: 16,
    inRun: false,
    saved: 4,
  },
  large: {
    words: 40,
    twoHop: true,
    corpora: ["hotpotqa", "2wikimultihopqa"],
    training: { single: 800, twoHop: 900 },
    heldOut: { single: 160, twoHop: 160, written: 160 },
    model: "smollm2",
    about: "SmolLM2-135M-Instruct learns to search once or twice and to answer on a GPU.",
    engine: { kind: "local", device: "cuda", samplingWidth: 256, microBatch: 16 },
    supervised: {
      ...supervised,
      steps: 40,
      batch: 32,
      learningRate: { peak: 1e-3, schedule: "linear", warmup: 0.1 },
    },
    stage: { ...stage, iterations: 24, prompts: 16, rollouts: 16, minibatch: 64, learningRate: { peak: 4e-4 } },
    watched: 160,
    inRun: true,
    saved: 4,
  },
  trial: {
    words: 40,
    twoHop: true,
    corpora: ["hotpotqa", "2wikimultihopqa"],
    training: { single: 16, twoHop: 16 },
    heldOut: { single: 8, twoHop: 8, written: 8 },
    model: "tiny",
    about: "A tiny model goes the proof's way.",
    engine: { kind: "local", samplingWidth: 32, microBatch: 8 },
    supervised: { ...supervised, steps: 2, batch: 8, learningRate: { peak: 1e-3 } },
    stage: { ...stage, iterations: 2, prompts: 4, rollouts: 8, minibatch: 32, learningRate: { peak: 4e-4 } },
    watched: 8,
    inRun: true,
    saved: 1,
  },
} satisfies Record<string, ProofSize>;
export type ProofSizeName = keyof typeof proofSizes;
