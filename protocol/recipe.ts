import { z } from "zod";

/** Version of the recipe format. */
export const recipeVersion = 1;

const share = z.number().min(0).max(1);
const positive = z.number().gt(0);
const count = z.int().min(1);
const text = z.string().min(1).max(4096);

export const RecipeModel = z
  .strictObject({
    base: text.describe(
      'Model folder that the engine loads: a path relative to the recipe, the name of a model that `searchlight models` lists, or "tiny" for a tiny model made from the documents.',
    ),
    rank: z
      .int()
      .min(1)
      .max(256)
      .default(8)
      .describe("Rank of the LoRA adapter that is trained; alpha is the engine's."),
  })
  .describe("What is trained.");

export const RecipeEngine = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("local").describe("Started by the run on this machine and stopped with it."),
      backend: z
        .enum(["jax", "fsdp", "megatron"])
        .default("jax")
        .describe("jax runs on a CPU or on GPUs; fsdp and megatron need GPUs."),
      device: z
        .enum(["cpu", "cuda"])
        .default("cpu")
        .describe("What the jax backend computes on: the processor, or NVIDIA GPUs (Linux, driver 580 or later)."),
      samplingWidth: z
        .int()
        .min(1)
        .max(4096)
        .default(32)
        .describe("Sequences that are sampled together; calls are filled up to it."),
      microBatch: z.int().min(1).max(1024).default(8).describe("Sequences per forward and backward pass."),
      devices: z
        .int()
        .min(1)
        .max(64)
        .default(1)
        .describe("GPUs, or virtual devices of the processor, over which the parameters are spread."),
    }),
    z.strictObject({
      kind: z.literal("remote").describe("A Tinker-protocol server that runs already."),
      url: z
        .url({ protocol: /^https?$/ })
        .max(2048)
        .describe("Its address, without a key; keys come from the environment or the editor's secrets."),
      samplingWidth: z.int().min(1).max(4096).default(32).describe("Sequences that one call carries at least."),
    }),
  ])
  .describe("The engine that holds the weights.");

export const RecipeDataSet = z
  .strictObject({
    file: text.describe(
      "Questions with gold answers: JSON lines, JSON, parquet or CSV; read by content. Relative to the recipe.",
    ),
    weight: positive.default(1).describe("Share of the prompts drawn from this set, against the other sets' weights."),
    limit: count.optional().describe("At most so many of its questions, chosen by the seed."),
    difficulty: z
      .array(z.enum(["easy", "medium", "difficult", "unsolved"]))
      .min(1)
      .optional()
      .describe(
        "Only questions whose difficulty in the file is one of these (`searchlight data difficulty` writes it).",
      ),
    covered: z.boolean().default(false).describe("Leaves out questions whose gold answer the documents do not hold."),
  })
  .describe("One set of questions.");
export type RecipeDataSet = z.infer<typeof RecipeDataSet>;

export const RecipeRetrieval = z
  .strictObject({
    index: text.describe(
      "What is searched: a folder of documents, a file of passages, a published snapshot of an index (s3://BUCKET/PATH#ID), or a retrieval server (search-r1:URL, …). Paths relative to the recipe.",
    ),
    embedder: text.default("none").describe("minilm, openai:MODEL@URL or none."),
    mode: z.enum(["words", "vectors", "hybrid"]).default("words").describe("Which legs of the index are searched."),
    passages: z.int().min(1).max(100).optional().describe("Passages inserted per query; absent: as the profile says."),
  })
  .describe("What the policy searches.");

export const RecipeKl = z
  .strictObject({
    coefficient: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .describe("Nats times this are taken off the reward at each token (R1-Searcher: 0 and 1e-4)."),
    estimator: z
      .enum(["k1", "k2", "k3", "abs"])
      .default("k1")
      .describe("Estimate of the divergence from the reference policy, the base model."),
    target: positive
      .optional()
      .describe("Steers the coefficient so that the measured KL nears so many nats per token; absent: fixed."),
    horizon: count.default(10_000).describe("Rollouts over which the steering acts."),
    measure: z
      .boolean()
      .default(false)
      .describe("Measures the KL also where the coefficient is 0; costs a pass of the reference policy."),
  })
  .describe("Divergence from the reference policy.");

export const RecipeLearningRate = z
  .strictObject({
    peak: positive.max(1).describe("Highest learning rate; a LoRA adapter wants about ten times that of full tuning."),
    schedule: z
      .enum(["constant", "linear", "cosine", "restarts"])
      .default("constant")
      .describe("How it moves over the stage's optimiser steps."),
    warmup: share.default(0).describe("Share of the steps over which it rises from 0."),
    floor: share.default(0.1).describe("Lowest share of the peak, for cosine."),
    cycles: count.default(1).describe("Half cosines, for restarts."),
  })
  .describe("Learning rate.");

export const RecipeOptimiser = z
  .strictObject({
    beta1: share.default(0.9),
    beta2: share.default(0.95),
    epsilon: positive.default(1e-8),
    weightDecay: z.number().min(0).default(0),
  })
  .describe("Adam's constants; engines on GPUs fix theirs at start. Its moments start anew with each stage, the first included.");

export const RecipeStage = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "a name is made of a-z, 0-9 and -")
      .describe("Name of the stage in charts and files."),
    data: z.array(RecipeDataSet).min(1).optional().describe("Questions of this stage; absent: the recipe's."),
    reward: text.describe(
      "Reward profile: paper-stage1, paper-stage2, released-qwen, …; NAME+em changes the answer metric.",
    ),
    terms: z
      .strictObject({
        redundancy: z.number().min(0).max(0.5).default(0),
        evidence: z.number().min(0).max(0.5).default(0),
        refine: z.number().min(0).max(0.5).default(0),
        efficiency: z.number().min(0).max(0.5).default(0),
      })
      .prefault({})
      .describe("Weights of the optional reward terms; each is measured and logged also at 0."),
    iterations: z.int().min(1).max(100_000).describe("Iterations of sampling and training."),
    prompts: z.int().min(1).max(4096).describe("Questions per iteration (R1-Searcher: 64)."),
    rollouts: z.int().min(1).max(256).describe("Rollouts of each question: the group (R1-Searcher: 16)."),
    minibatch: z
      .int()
      .min(1)
      .max(65_536)
      .describe("Rollouts per optimiser step (R1-Searcher: 256, four steps an iteration)."),
    passes: z.int().min(1).max(16).default(1).describe("Times that each rollout is trained on in its iteration."),
    estimator: z
      .enum(["reinforce++-baseline", "grpo", "rloo", "dr-grpo", "reinforce"])
      .default("reinforce++-baseline")
      .describe("How rewards become advantages; reinforce++-baseline whitens over the iteration."),
    loss: z.enum(["ppo", "importance-sampling", "cispo"]).default("ppo").describe("Policy loss of the engine."),
    clip: z
      .strictObject({ low: share.default(0.2), high: z.number().min(0).max(10).default(0.2) })
      .prefault({})
      .describe("Bounds of the probability ratio: 1 − low to 1 + high."),
    reduction: z
      .enum(["sequence-mean", "token-mean", "sum"])
      .default("sequence-mean")
      .describe("How per-token losses become one number; the same on every engine."),
    zeroVariance: z
      .enum(["skip", "keep", "resample"])
      .default("skip")
      .describe("Groups whose rewards are all equal: left out, kept, or replaced by other questions."),
    kl: RecipeKl.prefault({}),
    learningRate: RecipeLearningRate,
    temperature: z
      .number()
      .gt(0)
      .max(5)
      .default(1)
      .describe("Sampling temperature; log-probs are those of temperature 1, so leave it at 1 to stay on-policy."),
  })
  .describe("One stage of reinforcement learning.");
export type RecipeStage = z.infer<typeof RecipeStage>;

export const RecipeSupervised = z
  .strictObject({
    files: z
      .array(text)
      .default([])
      .describe("Files of trajectories; documents are masked. Relative to the recipe. None: `experts` makes them."),
    experts: z
      .boolean()
      .default(false)
      .describe(
        "Adds a trajectory of each training question by a program that knows the answer, with real searches; written to the run's folder.",
      ),
    minReward: z.number().optional().describe("Only trajectories whose reward is at least this."),
    epochs: count.max(100).default(1).describe("Passes over the trajectories."),
    steps: count.optional().describe("At most so many optimiser steps."),
    batch: count.max(65_536).default(8).describe("Trajectories per optimiser step."),
    learningRate: RecipeLearningRate,
  })
  .describe("Supervised start: imitation of good trajectories before reinforcement learning.");

export const RecipeLimits = z
  .strictObject({
    searches: z.int().min(0).max(1000).optional(),
    turns: count.max(1001).optional(),
    segmentTokens: count.max(1_000_000).optional().describe("Tokens of one stretch of policy text."),
    tokens: count.max(10_000_000).optional().describe("Tokens that the policy writes in one rollout."),
    contextTokens: count
      .max(10_000_000)
      .optional()
      .describe("Length of a whole transcript; absent: what the model can read."),
    seconds: positive.optional(),
  })
  .describe("Limits of one rollout, where they differ from the profile's.");

export const RecipeEvaluation = z
  .strictObject({
    data: z.array(RecipeDataSet).min(1).describe("Questions that are never trained on."),
    every: z
      .int()
      .min(1)
      .default(10)
      .describe("Iterations between evaluations; the start and the end are always evaluated."),
    temperature: z.number().min(0).max(5).default(0).describe("0 is greedy."),
    metric: z.enum(["f1", "em", "cem", "reward"]).default("f1").describe("What best means."),
    patience: count
      .optional()
      .describe("Evaluations without a better result after which the run stops; absent: never."),
  })
  .describe("Evaluation during the run.");

export const RecipeCheckpoints = z
  .strictObject({
    every: z
      .int()
      .min(1)
      .default(1)
      .describe("Iterations between checkpoints; what comes after the last one is done again after a crash."),
    keep: z.int().min(1).max(1000).default(3).describe("Checkpoints kept, the latest; the best is kept as well."),
  })
  .describe("Checkpoints.");

export const RecipeBudget = z
  .strictObject({
    policyTokens: count.optional().describe("Tokens sampled."),
    trainedTokens: count.optional().describe("Tokens of the sequences sent to training."),
    searches: count.optional(),
    minutes: positive.optional().describe("Wall time, pauses left out."),
    money: positive.optional().describe("In the price table's currency."),
    prices: z
      .strictObject({
        currency: z.string().min(1).max(8).default("USD"),
        perHour: z.number().min(0).default(0).describe("Of the engine."),
        perMillionSampled: z.number().min(0).default(0),
        perMillionTrained: z.number().min(0).default(0),
        perThousandSearches: z.number().min(0).default(0),
      })
      .prefault({}),
  })
  .describe("Hard caps: at the first that is reached the run saves a checkpoint and stops.");

const threshold = z.strictObject({
  min: z.number().optional().describe("Below this the run pauses."),
  max: z.number().optional().describe("Above this the run pauses."),
  after: z.int().min(0).default(0).describe("Iterations at the start in which the threshold does not act."),
  for: count.default(1).describe("Iterations in a row before it acts."),
  action: z.enum(["warn", "pause", "stop"]).default("pause"),
});

/** What a health monitor can watch; each is a metric of every iteration. */
export const monitorNames = [
  "entropy",
  "kl",
  "gradient-norm",
  "answer-rate",
  "valid-format-rate",
  "searches",
  "policy-tokens",
  "truncated-rate",
  "duplicate-queries",
  "zero-variance-share",
  "correct-logprob",
  "reward",
  "ratio-max",
  "repetition",
] as const;
export type MonitorName = (typeof monitorNames)[number];

export const RecipeHealth = z
  .partialRecord(z.enum(monitorNames), threshold)
  .describe("Thresholds on the health monitors. What is not finite always pauses the run.");

/** A training run as a file (`*.recipe.jsonc`): the only description of it. */
export const Recipe = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(recipeVersion).describe("Version of the recipe format."),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a name is made of a-z, 0-9 and -")
    .describe("Name of the run and of the policy it trains."),
  about: z.string().max(2000).optional().describe("What the run is for."),
  seed: z.int().min(0).max(1_000_000).default(1).describe("Decides questions, their order and every sampled token."),
  model: RecipeModel,
  engine: RecipeEngine.prefault({ kind: "local" }),
  data: z.array(RecipeDataSet).min(1).describe("Training questions."),
  retrieval: RecipeRetrieval,
  profile: text.default("r1-searcher").describe("Rollout profile: a name, or a JSON file relative to the recipe."),
  limits: RecipeLimits.prefault({}),
  supervised: RecipeSupervised.optional(),
  stages: z
    .array(RecipeStage)
    .max(8)
    .describe("Stages of reinforcement learning, in order; none: the supervised start alone."),
  optimiser: RecipeOptimiser.prefault({}),
  evaluation: RecipeEvaluation.optional(),
  checkpoints: RecipeCheckpoints.prefault({}),
  budget: RecipeBudget.prefault({}),
  health: RecipeHealth.prefault({}),
});
export type Recipe = z.infer<typeof Recipe>;
/** A recipe as a person writes it: what has a default may be left out. */
export type RecipeInput = z.input<typeof Recipe>;
