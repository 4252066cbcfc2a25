import type { RecipeStage } from "../../../protocol/recipe.ts";
import type { RunMetrics, RunPhase, RunSpending } from "../../../protocol/run.ts";
import { type Advantages, computeAdvantages } from "../advantages.ts";
import { EngineError, type TrainedModel } from "../engine.ts";
import { klController, updateKl } from "../kl-controllers.ts";
import { mixedSeed, samplerPolicy } from "../sampler-policy.ts";
import { zeroRows } from "../tokens.ts";
import { QuestionDraws } from "./draw-questions.ts";
import type { TrainingHost, TrainingParts, TrainingPosition } from "./host.ts";
import { rolloutNumbers, updateNumbers } from "./iteration-metrics.ts";
import { type MaskedSequence, sampledSequence } from "./masked-sequence.ts";
import { type Group, rollGroups, scoreGroups, withoutSpread } from "./sample-groups.ts";
import { tellGroups } from "./tell-groups.ts";
import { advantageOptions, updatePolicy } from "./update-policy.ts";

export interface IterationRequest {
  parts: TrainingParts;
  host: TrainingHost;
  model: TrainedModel;
  stage: RecipeStage;
  /** Of the stage in the recipe. */
  index: number;
  position: Readonly<TrainingPosition>;
  signal: AbortSignal;
  phase<T>(phase: RunPhase, work: () => Promise<T>): Promise<T>;
  /** Waits out a pause; throws where a stop was asked. */
  heed(): Promise<void>;
}

export interface Iteration {
  metrics: RunMetrics;
  steps: number;
  klCoefficient: number;
  drawn: number;
  spent: Partial<Omit<RunSpending, "money" | "seconds">>;
}

/** Times that groups without spread are replaced by other questions' before the iteration goes on with what it has. */
const resamplings = 3;

/** One iteration: publish, roll out, score, compare with the reference, train. Nothing of it is saved. */
export async function trainIteration(request: IterationRequest): Promise<Iteration> {
  const { parts, host, model, stage, position, signal, phase, heed } = request;
  const { iteration } = position;
  const times: RunMetrics = {};
  const timed = async <T>(name: RunPhase, work: () => Promise<T>): Promise<T> => {
    await heed();
    const began = performance.now();
    const result = await phase(name, work);
    times[`time/${name}`] = (times[`time/${name}`] ?? 0) + (performance.now() - began) / 1000;
    return result;
  };
  const draws = new QuestionDraws(
    parts.stages[request.index]!,
    mixedSeed(parts.recipe.seed, request.index),
    position.drawn,
  );
  const groups = await rollOut(request, draws, timed);
  const trained = groups.filter((group) => stage.zeroVariance === "keep" || !withoutSpread(group));
  const sequences = trained.flatMap(({ trajectories }) => trajectories.map(checkedSequence));
  const rewards = trained.flatMap(({ trajectories }) => trajectories.map(({ reward }) => reward!.total));
  const references = await referenceLogprobs(request, sequences, timed);
  const members = trained.map((_, at) =>
    Array.from({ length: stage.rollouts }, (__, sample) => at * stage.rollouts + sample),
  );
  const mask = sequences.map((sequence) => sequence.mask);
  const advantages = computeAdvantages(
    {
      rewards,
      groups: members,
      mask,
      logprobs: sequences.map(({ logprobs }) => logprobs!),
      ...(references ? { referenceLogprobs: references } : {}),
    },
    advantageOptions(stage, position.klCoefficient),
  );
  const update = await timed("train", () =>
    updatePolicy(
      { engine: parts.engine, model, recipe: parts.recipe, stage },
      sequences,
      advantages,
      { seeds: [parts.recipe.seed, iteration, trainingSeed], stageStep: position.stageStep },
      signal,
    ),
  );
  host.keep(tellGroups(request, { groups, trained, advantages, update, references }));
  const all = groups.flatMap(({ trajectories }) => trajectories);
  return {
    metrics: {
      ...rolloutNumbers(groups),
      ...updateNumbers(sequences, advantages, rewards, update, stage.clip.low, stage.clip.high),
      "kl/coefficient": position.klCoefficient,
      ...times,
    },
    steps: update.steps,
    klCoefficient: nextKl(request, advantages, references !== undefined, sequences.length),
    drawn: draws.drawn,
    spent: {
      policyTokens: all.reduce((sum, { usage }) => sum + (usage.policyTokens ?? 0), 0),
      searches: all.reduce((sum, { searches }) => sum + searches.length, 0),
      trainedTokens: update.tokens,
    },
  };
}

/** Keeps the order of minibatches apart from the seeds of sampling. */
const trainingSeed = -2;

type Timed = <T>(name: RunPhase, work: () => Promise<T>) => Promise<T>;

async function rollOut(request: IterationRequest, draws: QuestionDraws, timed: Timed): Promise<Group[]> {
  const { parts, host, model, stage, position, signal } = request;
  const { iteration } = position;
  const { recipe, engine, tokenizer, endIds, retriever } = parts;
  const profile = {
    ...parts.profile,
    sampling: { ...parts.profile.sampling, temperature: stage.temperature, topP: 1 },
  };
  const policy = samplerPolicy({
    sampler: await timed("publish", () => model.publish(signal)),
    tokenizer,
    endIds,
    ref: { id: `tinker:${recipe.name}`, kind: "tinker", label: `${recipe.name}, iteration ${iteration}` },
    contextLength: Math.min(engine.capabilities.contextLength, recipe.limits.contextTokens ?? Infinity),
    signal,
  });
  let groups: Group[] = [];
  const total = stage.prompts * stage.rollouts;
  for (let attempt = 0; attempt <= resamplings; attempt++) {
    const missing = stage.prompts - groups.length;
    const questions = Array.from({ length: missing }, () => draws.next());
    let done = total - missing * stage.rollouts;
    let told = performance.now();
    const rolled = await timed("rollouts", () =>
      rollGroups(
        questions,
        stage.rollouts,
        { policy, profile, retriever },
        [recipe.seed, iteration, attempt],
        signal,
        () => {
          // Ten a second at most: each is made durable, and nobody sees more. Rollouts of a turn end all at once.
          if (++done !== total && performance.now() - told < 100) return;
          host.record({ type: "rollout-progress", iteration, done, total });
          told = performance.now();
        },
      ),
    );
    signal.throwIfAborted();
    await timed("score", async () => scoreGroups(rolled, stage));
    groups = [...groups, ...rolled];
    if (stage.zeroVariance !== "resample" || attempt === resamplings || !groups.some(withoutSpread)) break;
    groups = groups.filter((group) => !withoutSpread(group));
  }
  return groups;
}

/** A rollout whose record cannot be trained on ends the run: a mask that is wrong is worse than a run that stops. */
function checkedSequence(trajectory: Group["trajectories"][number]): MaskedSequence {
  const sequence = sampledSequence(trajectory);
  const { mask, logprobs } = sequence;
  let wrong = 0;
  if (logprobs) {
    while (wrong < mask.length && (mask[wrong] === 0 || Number.isFinite(logprobs[wrong]))) wrong++;
    if (wrong === mask.length) return sequence;
  }
  throw new EngineError(
    "not-finite",
    `The rollout ${trajectory.id} has no log-prob at token ${wrong}, which the policy wrote; its mask and tokens disagree, so nothing is trained on it.`,
  );
}

/** log π_ref of each token, aligned with the sequences; undefined where nobody asked for a KL. */
async function referenceLogprobs(
  { parts, stage, position, signal }: IterationRequest,
  sequences: readonly MaskedSequence[],
  timed: Timed,
): Promise<Float64Array[] | undefined> {
  if (position.klCoefficient === 0 && !stage.kl.measure) return undefined;
  if (sequences.length === 0) return [];
  const base = parts.engine.base();
  if (!base)
    throw new EngineError(
      "unsupported",
      "This engine cannot sample its base model, so there is no reference policy; set the KL coefficient to 0 and measure to false.",
    );
  const rows = await timed("reference", () =>
    base.logprobs(
      sequences.map(({ ids }) => ids),
      signal,
    ),
  );
  const aligned = zeroRows(sequences.map(({ ids }) => ids));
  for (const [at, row] of rows.entries()) aligned[at]!.set(row, 1);
  return aligned;
}

function nextKl(
  { stage, position }: IterationRequest,
  { klMeans }: Advantages,
  measured: boolean,
  rollouts: number,
): number {
  if (!measured || rollouts === 0) return position.klCoefficient;
  const controller = klController(position.klCoefficient, stage.kl.target, stage.kl.horizon);
  const mean = klMeans.reduce((sum, value) => sum + value, 0) / klMeans.length;
  return updateKl(controller, mean, rollouts).coefficient;
}
