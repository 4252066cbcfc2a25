import type { RecipeStage } from "../../../protocol/recipe.ts";
import type { RunCheckpoint, RunMetrics, RunPhase } from "../../../protocol/run.ts";
import type { TrainedModel } from "../engine.ts";
import { klController } from "../kl-controllers.ts";
import { samplerPolicy } from "../sampler-policy.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { type Alarm, checkHealth } from "./health.ts";
import type {
  RunTraining,
  SavedCheckpoint,
  TrainingEnd,
  TrainingHost,
  TrainingParts,
  TrainingPosition,
} from "./host.ts";
import { imitate, supervisedSteps } from "./imitate.ts";
import { imitatedSequence } from "./masked-sequence.ts";
import { overBudget, spend } from "./spending.ts";
import { type Iteration, trainIteration } from "./train-iteration.ts";

/** Ends the loop from wherever it is; the run is told the end it carries. */
class Ended extends Error {
  readonly end: TrainingEnd;
  constructor(end: TrainingEnd) {
    super(end.reason);
    this.end = end;
  }
}

const supervisedStage = "supervised";

/**
 * Runs a recipe: supervised start, then the stages of reinforcement learning, with evaluations, checkpoints, health monitors and budget.
 * From a checkpoint it goes on as if it had never ended: questions, seeds and learning rates depend on the position alone. Lets `EngineError`
 * pass: the run decides whether an engine that is gone is waited for.
 */
export const runTraining: RunTraining = async (parts, host, from, signal) => {
  try {
    return await new Training(parts, host, from, signal).run();
  } catch (error) {
    if (error instanceof Ended) return error.end;
    throw error;
  }
};

class Training {
  readonly #parts: TrainingParts;
  readonly #host: TrainingHost;
  readonly #signal: AbortSignal;
  #saved: SavedCheckpoint | undefined;
  #position: TrainingPosition;
  #supervisedSteps = 0;
  #model!: TrainedModel;
  /** Checkpoints on the engine, the latest last. */
  #kept: RunCheckpoint[] = [];
  /** Weights that no checkpoint holds: what a stop must save. */
  #unsaved = true;
  #clock = performance.now();

  constructor(parts: TrainingParts, host: TrainingHost, from: SavedCheckpoint | undefined, signal: AbortSignal) {
    this.#parts = parts;
    this.#host = host;
    this.#signal = signal;
    this.#saved = from;
    this.#position = structuredClone(from?.position ?? freshPosition(parts.recipe.stages[0]));
    if (from) this.#kept = [from.checkpoint];
  }

  async run(): Promise<TrainingEnd> {
    const { recipe, tokenizer, endIds, supervised } = this.#parts;
    const sequences = supervised.map((trajectory) => imitatedSequence(trajectory, tokenizer, endIds));
    const steps = supervisedSteps(recipe.supervised, sequences.length);
    this.#supervisedSteps = steps;
    this.#host.record({
      type: "plan",
      iterations: recipe.stages.reduce((sum, { iterations }) => sum + iterations, 0),
      supervisedSteps: steps,
      stages: recipe.stages.map(({ name, iterations }) => ({ name, iterations })),
    });
    this.#model = await this.#openModel();
    if (!this.#saved) {
      await this.#evaluate(supervisedStage);
      // What fails before the first iteration has a place to go back to.
      await this.#checkpoint(supervisedStage);
    }
    await this.#imitateAll(sequences, steps);
    let before = 0;
    for (const [index, stage] of recipe.stages.entries()) {
      while (this.#position.iteration < before + stage.iterations) await this.#iterate(stage, index);
      before += stage.iterations;
      const next = recipe.stages[index + 1];
      if (next && this.#position.iteration === before) await this.#enter(next, stage);
    }
    return { outcome: "done", reason: "All iterations are done." };
  }

  async #openModel(): Promise<TrainedModel> {
    const { engine, recipe } = this.#parts;
    const from = this.#saved && { path: this.#saved.checkpoint.path, optimiser: !this.#atStageStart() };
    const { rank } = recipe.model;
    return engine.createModel({ rank, seed: recipe.seed, ...(from ? { from } : {}) }, this.#signal);
  }

  /** The position is where a stage begins, with no optimiser step of it made. */
  #atStageStart(): boolean {
    const { supervisedStep, iteration } = this.#position;
    let before = 0;
    const starts = this.#parts.recipe.stages.map(({ iterations }) => (before += iterations) - iterations);
    return supervisedStep >= this.#supervisedSteps && starts.includes(iteration);
  }

  /**
   * Opens the weights at a stage's start again, without the optimiser's moments: those of another objective, whose gradients are larger,
   * would carry the weights on in its direction for a dozen steps and keep the stage's own steps small.
   */
  async #forgetMoments(): Promise<void> {
    await this.#model.unload(this.#signal);
    this.#model = await this.#openModel();
  }

  async #imitateAll(sequences: ReturnType<typeof imitatedSequence>[], steps: number): Promise<void> {
    const { recipe, engine } = this.#parts;
    if (this.#position.supervisedStep >= steps) return;
    await this.#phase(supervisedStage, "supervised", async () => {
      for (let step = this.#position.supervisedStep; step < steps; step++) {
        await this.#heed(supervisedStage);
        const { tokens, loss, ...rest } = await imitate(
          { engine, model: this.#model, recipe, supervised: recipe.supervised! },
          sequences,
          { step, steps },
          this.#signal,
        );
        this.#unsaved = true;
        this.#position.supervisedStep = step + 1;
        const metrics: RunMetrics = {
          loss,
          "learning-rate": rest.learningRate,
          ...(rest.gradientNorm === undefined ? {} : { "gradient-norm": rest.gradientNorm }),
        };
        this.#host.record({ type: "supervised", step: step + 1, steps, metrics: finite(metrics) });
        this.#spend({ trainedTokens: tokens });
        await this.#answer(checkHealth(metrics, { health: {} }, 0, {}), 0, supervisedStage);
        await this.#keepBudget(supervisedStage);
      }
    });
    await this.#evaluate(supervisedStage);
    await this.#checkpoint(supervisedStage);
    if (recipe.stages.length > 0) await this.#forgetMoments();
  }

  async #iterate(stage: RecipeStage, index: number): Promise<void> {
    await this.#heed(stage.name);
    const { recipe } = this.#parts;
    const { iteration } = this.#position;
    const done: Iteration = await trainIteration({
      parts: this.#parts,
      host: this.#host,
      model: this.#model,
      stage,
      index,
      position: this.#position,
      signal: this.#signal,
      phase: (phase, work) => this.#phase(stage.name, phase, work),
      heed: () => this.#heed(stage.name, false),
    });
    this.#unsaved = true;
    const metrics = done.metrics;
    this.#host.record({ type: "iteration", iteration, stage: stage.name, metrics: finite(metrics) });
    Object.assign(this.#position, {
      iteration: iteration + 1,
      stageStep: this.#position.stageStep + done.steps,
      klCoefficient: done.klCoefficient,
      drawn: done.drawn,
    });
    this.#spend(done.spent);
    if (await this.#answer(checkHealth(metrics, recipe, iteration, this.#position.monitors), iteration, stage.name))
      return;
    const total = recipe.stages.reduce((sum, { iterations }) => sum + iterations, 0);
    const last = iteration + 1 === total;
    if (recipe.evaluation && (last || (iteration + 1) % recipe.evaluation.every === 0))
      await this.#evaluate(stage.name);
    if (last || (iteration + 1) % recipe.checkpoints.every === 0 || this.#host.asked() === "checkpoint")
      await this.#checkpoint(stage.name);
    if (!last) await this.#keepBudget(stage.name);
    const { patience } = recipe.evaluation ?? {};
    if (patience !== undefined && this.#position.sinceBest >= patience)
      throw new Ended(await this.#saveAnd("done", `No evaluation was better for ${patience} in a row.`, stage.name));
  }

  /** Begins a stage after another: its questions, steps, KL and optimiser start from their own beginning. */
  async #enter(stage: RecipeStage, last: RecipeStage): Promise<void> {
    await this.#checkpoint(last.name);
    await this.#forgetMoments();
    Object.assign(this.#position, { stageStep: 0, drawn: 0, klCoefficient: stage.kl.coefficient });
  }

  async #phase<T>(stage: string, phase: RunPhase, work: () => Promise<T>): Promise<T> {
    const { iteration } = this.#position;
    const began = performance.now();
    this.#host.record({ type: "phase", iteration, stage, phase, status: "begin" });
    const result = await work();
    const seconds = (performance.now() - began) / 1000;
    this.#host.record({ type: "phase", iteration, stage, phase, status: "end", seconds });
    return result;
  }

  /**
   * Does what somebody asked: waits out a pause, saves and stops. An iteration asks before each of its phases, when its weights are still
   * those it began with; there a checkpoint waits for its end, because saving would make its sampler stale.
   */
  async #heed(stage: string, between = true): Promise<void> {
    this.#signal.throwIfAborted();
    let asked = this.#host.asked();
    if (asked === "pause") {
      const began = performance.now();
      asked = await this.#host.whilePaused(this.#signal);
      this.#clock += performance.now() - began;
    }
    if (asked === "stop") throw new Ended(await this.#saveAnd("stopped", "Stopped, as was asked.", stage));
    if (asked === "checkpoint" && between && this.#unsaved) await this.#checkpoint(stage);
  }

  async #saveAnd(outcome: "done" | "stopped", reason: string, stage: string): Promise<TrainingEnd> {
    if (this.#unsaved) await this.#checkpoint(stage);
    return { outcome, reason };
  }

  /** Tells of alarms and acts on the gravest. True where the weights went back to the last checkpoint. */
  async #answer(alarms: readonly Alarm[], iteration: number, stage: string): Promise<boolean> {
    for (const { monitor, level, value, message } of alarms)
      this.#host.record({ type: "health", iteration, monitor, level, value, message });
    const stop = alarms.find(({ level }) => level === "stop");
    if (stop)
      throw new Ended(await this.#saveAnd("stopped", `A health monitor stopped the run: ${stop.message}`, stage));
    if (!alarms.some(({ level }) => level === "pause")) return false;
    const asked = await this.#host.whilePaused(this.#signal);
    const spoilt = alarms.some(({ value }) => value === null);
    if (asked === "stop" && spoilt)
      throw new Ended({ outcome: "stopped", reason: "Stopped while paused for its health." });
    if (asked === "stop")
      throw new Ended(await this.#saveAnd("stopped", "Stopped while paused for its health.", stage));
    if (!spoilt || !this.#saved) return false;
    await this.#model.unload(this.#signal);
    this.#position = structuredClone(this.#saved.position);
    this.#model = await this.#openModel();
    this.#host.record({ type: "abandoned", iteration: this.#position.iteration - 1 });
    return true;
  }

  #spend(more: Parameters<typeof spend>[1]): void {
    const { budget } = this.#parts.recipe;
    const seconds = (performance.now() - this.#clock) / 1000;
    this.#clock = performance.now();
    const spending = spend(this.#position.spending, { ...more, seconds }, budget);
    this.#position.spending = spending;
    this.#host.record({ type: "spending", spending });
  }

  async #evaluate(stage: string): Promise<void> {
    const { recipe } = this.#parts;
    if (!recipe.evaluation) return;
    await this.#phase(stage, "evaluate", async () => {
      const policy = await this.#policy();
      const { groups, metrics, questions } = await evaluatePolicy(this.#parts, policy, this.#signal);
      const { iteration, best } = this.#position;
      const better = best === undefined || metrics["score"]! > best.score;
      this.#host.record({ type: "evaluation", iteration, metrics, best: better, questions });
      this.#position.sinceBest = better ? 0 : this.#position.sinceBest + 1;
      if (better)
        this.#position.best = { score: metrics["score"]!, iteration, checkpoint: checkpointName(this.#position) };
      this.#spend({
        policyTokens: sumOf(groups, ({ usage }) => usage.policyTokens ?? 0),
        searches: sumOf(groups, ({ searches }) => searches.length),
      });
    });
    // The best is worth keeping wherever it comes.
    if (this.#position.best?.iteration === this.#position.iteration && this.#unsaved) await this.#checkpoint(stage);
  }

  async #policy() {
    const { recipe, engine, tokenizer, endIds } = this.#parts;
    return samplerPolicy({
      sampler: await this.#model.publish(this.#signal),
      tokenizer,
      endIds,
      ref: { id: `tinker:${recipe.name}`, kind: "tinker", label: recipe.name },
      contextLength: Math.min(engine.capabilities.contextLength, recipe.limits.contextTokens ?? Infinity),
      signal: this.#signal,
    });
  }

  /** Saves weights, optimiser state and position, then lets go of what is kept too long. */
  async #checkpoint(stage: string): Promise<void> {
    const { recipe } = this.#parts;
    if (!this.#unsaved) return;
    await this.#phase(stage, "checkpoint", async () => {
      const name = checkpointName(this.#position);
      if (this.#kept.some((kept) => kept.name === name)) return;
      const path = await this.#model.save(name, this.#signal);
      const archive = this.#host.keepArchive(name, await this.#model.exportAdapter(`export-${name}`, this.#signal));
      const { iteration, best } = this.#position;
      const isBest = best?.checkpoint === name;
      const checkpoint = {
        name,
        iteration,
        stage,
        path,
        archive,
        best: isBest,
        ...(isBest ? { score: best.score } : {}),
      };
      this.#saved = { checkpoint, position: structuredClone(this.#position) };
      this.#host.acknowledge(this.#saved);
      this.#unsaved = false;
      this.#kept.push(checkpoint);
      const old = this.#kept.slice(0, -recipe.checkpoints.keep).filter((each) => each.name !== best?.checkpoint);
      for (const { path: gone } of old) await this.#model.remove(gone, this.#signal);
      this.#kept = this.#kept.filter((each) => !old.includes(each));
    });
  }

  async #keepBudget(stage: string): Promise<void> {
    const over = overBudget(this.#position.spending, this.#parts.recipe.budget);
    if (over) throw new Ended(await this.#saveAnd("stopped", over, stage));
  }
}

/** Names carry the supervised steps too, so that the start of a run and its supervised weights are two checkpoints. */
function checkpointName({ iteration, supervisedStep }: TrainingPosition): string {
  return `s${supervisedStep}-i${iteration}`;
}

function freshPosition(stage: RecipeStage | undefined): TrainingPosition {
  return {
    iteration: 0,
    supervisedStep: 0,
    stageStep: 0,
    klCoefficient: stage ? klController(stage.kl.coefficient, stage.kl.target, stage.kl.horizon).coefficient : 0,
    drawn: 0,
    sinceBest: 0,
    spending: { policyTokens: 0, trainedTokens: 0, searches: 0, seconds: 0, money: 0 },
    monitors: {},
  };
}

/** JSON has no NaN: what is not finite is told by its health event and left out of the numbers. */
function finite(metrics: RunMetrics): RunMetrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

function sumOf<T>(groups: readonly { trajectories: readonly T[] }[], count: (trajectory: T) => number): number {
  return groups.flatMap(({ trajectories }) => trajectories).reduce((sum, trajectory) => sum + count(trajectory), 0);
}
