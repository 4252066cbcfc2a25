import { z } from "zod";
import {
  type Adam,
  type EngineCapabilities,
  EngineError,
  type EngineLoss,
  type Sampler,
  type TrainedModel,
  type TrainingSequence,
} from "../engine.ts";
import { checkAdam, checkTraining } from "./check-training.ts";
import { checkName, checkpointAt, exportAdapter, removeCheckpoint, saveCheckpoint } from "./checkpoints.ts";
import { type Answer, cancelled, type EngineConnection } from "./connection.ts";
import { awaitFuture, requestId } from "./futures.ts";
import { planPasses } from "./plan-passes.ts";
import { readAnswer } from "./read-answer.ts";
import { TinkerSampler } from "./sampler.ts";
import type { EngineSession } from "./session.ts";
import { alignedRow, type Datum, shiftedDatum } from "./shifted-datum.ts";
import { jsonNumber, jsonPass, passLogprobs, protoPass } from "./training-wire.ts";

export interface ModelParts {
  connection: EngineConnection;
  session: EngineSession;
  capabilities: EngineCapabilities;
  id: string;
  rank: number;
  baseModel: string;
  /** Whether forward passes go to an address of their own. */
  forwardPath: boolean;
  onUnload?(): void;
}

const Published = z.looseObject({ sampling_session_id: z.string().nullish(), path: z.string().nullish() });
const JsonNumber = z.union([z.number(), z.null(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const Stepped = z.looseObject({ metrics: z.record(z.string(), JsonNumber).nullish() });

/** An adapter on an engine, over the wire. One call at a time goes out: the engine's own order is only kept per kind of call. */
export class TinkerModel implements TrainedModel {
  readonly id: string;
  readonly rank: number;
  readonly #parts: ModelParts;
  #sequence = 0;
  #publications = 0;
  /** Counts everything that makes published weights old: steps and publications. */
  #weights = 0;
  /** Names of sampler checkpoints that nobody samples from. */
  #old: string[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  /** Why nothing may be trained on this model: what the engine holds of the gradient is not known. */
  #broken: string | undefined;

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.rank = parts.rank;
  }

  get sequence(): number {
    return this.#sequence;
  }

  publish(signal: AbortSignal): Promise<Sampler> {
    return this.#inTurn(signal, async () => {
      const { connection, capabilities, baseModel } = this.#parts;
      const mark = ++this.#weights;
      const { name, session } = await this.#saveForSampler(signal);
      for (const old of this.#old.splice(0))
        await removeCheckpoint(connection, this.id, `sampler_weights/${old}`, signal);
      this.#old.push(name);
      return new TinkerSampler({
        connection,
        capabilities,
        baseModel,
        source: session ? { session } : { modelPath: `tinker://${this.id}/sampler_weights/${name}` },
        checkFresh: () => {
          this.#parts.session.check();
          if (this.#weights !== mark)
            throw new EngineError(
              "stale",
              "These weights were trained on or published again since: engines keep one copy, so sample the latest publication.",
            );
        },
      });
    });
  }

  /** A lost answer is followed by a publication of another name: which of both is sampled makes no difference. */
  async #saveForSampler(signal: AbortSignal): Promise<{ name: string; session: string | undefined }> {
    const { connection } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const number = ++this.#publications;
      const name = `ss${number}_seq${number}`;
      const body = {
        model_id: this.id,
        sampling_session_seq_id: number,
        seq_id: number,
        type: "save_weights_for_sampler",
      };
      try {
        const submitted = await connection.json("/save_weights_for_sampler", body, { signal, retry: "unsent" });
        const answer = await awaitFuture(
          connection,
          requestId(submitted, "a publication"),
          "the publication of weights",
          signal,
        );
        return { name, session: readAnswer(Published, answer, "the publication").sampling_session_id ?? undefined };
      } catch (error) {
        this.#old.push(name);
        if (!passing(error) || attempt >= 3) throw error;
      }
    }
  }

  async forward(sequences: readonly TrainingSequence[], signal: AbortSignal): Promise<Float64Array[]> {
    checkTraining(sequences, undefined, this.#parts.capabilities);
    const unweighted = sequences.map(({ ids }) => ({ ids, weights: new Uint8Array(ids.length).fill(1) }));
    return this.#inTurn(signal, () => this.#passes(unweighted, { kind: "cross-entropy" }, true, signal));
  }

  async forwardBackward(
    sequences: readonly TrainingSequence[],
    loss: EngineLoss,
    signal: AbortSignal,
  ): Promise<Float64Array[]> {
    checkTraining(sequences, loss, this.#parts.capabilities);
    return this.#inTurn(signal, () => this.#passes(sequences, loss, false, signal));
  }

  async optimStep(adam: Adam, signal: AbortSignal): Promise<{ gradientNorm: number | undefined }> {
    checkAdam(adam);
    return this.#inTurn(signal, async () => {
      this.#weights++;
      const body = {
        model_id: this.id,
        ...this.#numbered(),
        adam_params: {
          learning_rate: adam.learningRate,
          beta1: adam.beta1,
          beta2: adam.beta2,
          eps: adam.epsilon,
          weight_decay: adam.weightDecay,
        },
        type: "optim_step",
      };
      const answer = await this.#trained("an optimiser step", signal, () =>
        this.#parts.connection.json("/optim_step", body, { signal, retry: this.#trainingRetry }),
      );
      const { metrics } = readAnswer(Stepped, answer, "the optimiser step");
      const norm = Object.entries(metrics ?? {}).find(([name]) => /grad_norm/.test(name))?.[1];
      return { gradientNorm: norm === undefined ? undefined : jsonNumber(norm) };
    });
  }

  async save(name: string, signal: AbortSignal): Promise<string> {
    checkName(name);
    return this.#inTurn(signal, () => saveCheckpoint(this.#parts, name, signal));
  }

  async exportAdapter(name: string, signal: AbortSignal): Promise<Uint8Array> {
    checkName(name);
    return this.#inTurn(signal, () => exportAdapter(this.#parts, name, signal));
  }

  async remove(path: string, signal: AbortSignal): Promise<void> {
    const { model, place } = checkpointAt(path);
    return this.#inTurn(signal, () => removeCheckpoint(this.#parts.connection, model, place, signal));
  }

  unload(signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async () => {
      this.#weights++;
      const { connection, onUnload } = this.#parts;
      onUnload?.();
      const body = { model_id: this.id, type: "unload_model" };
      try {
        const submitted = await connection.json("/unload_model", body, { signal, retry: "always" });
        await awaitFuture(connection, requestId(submitted, "an unloading"), "the unloading", signal);
      } catch (error) {
        if (error instanceof EngineError && ["unknown-model", "lost"].includes(error.kind)) return;
        throw error;
      }
    });
  }

  async #passes(
    sequences: readonly TrainingSequence[],
    loss: EngineLoss,
    forwardOnly: boolean,
    signal: AbortSignal,
  ): Promise<Float64Array[]> {
    const { capabilities } = this.#parts;
    const datums = sequences.map(shiftedDatum);
    const { fillsBatches, microBatch, wire } = capabilities;
    const plans = planPasses(datums, { wire, ...(fillsBatches ? { microBatch } : {}) });
    const rows: Float64Array[] = [];
    for (const plan of plans) {
      const chunk = plan.map((index) => datums[index]!);
      const filled = forwardOnly && fillsBatches ? filledUp(chunk, microBatch) : chunk;
      const answer = forwardOnly
        ? await this.#forwardOnce(filled, signal)
        : await this.#trained("a forward and backward pass", signal, this.#submitPass(chunk, loss, false, signal));
      const got = passLogprobs(answer, filled);
      for (const [at, index] of plan.entries()) rows[index] = alignedRow(got[at]!);
    }
    if (rows.some((row) => !row.every(Number.isFinite)))
      throw new EngineError(
        "not-finite",
        "The engine's log-probs are no numbers: the adapter is spoilt. Go back to a checkpoint.",
      );
    return rows;
  }

  /** Another client's bad request fails this one with it, so a failure is asked for once more. */
  async #forwardOnce(datums: readonly Datum[], signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        const submit = this.#submitPass(datums, { kind: "cross-entropy" }, true, signal);
        return await awaitFuture(
          this.#parts.connection,
          requestId(await submit(), "a forward pass"),
          "a forward pass",
          signal,
        );
      } catch (error) {
        if (attempt > 1 || !(error instanceof EngineError) || error.kind !== "rejected") throw error;
      }
    }
  }

  /** A pass under the next number; calling the result again sends the same pass under the same number. */
  #submitPass(
    datums: readonly Datum[],
    loss: EngineLoss,
    forwardOnly: boolean,
    signal: AbortSignal,
  ): () => Promise<unknown> {
    const { connection, capabilities, forwardPath } = this.#parts;
    const sequence = this.#numbered().seq_id ?? 0;
    const pass = { modelId: this.id, sequence, datums, loss, forwardOnly };
    const body = capabilities.wire === "proto" ? protoPass(pass) : jsonPass(pass);
    const path = forwardOnly && forwardPath ? "/forward" : "/forward_backward";
    const retry = forwardOnly ? "always" : this.#trainingRetry;
    return () => connection.json(path, body, { signal, retry, seconds: 300 });
  }

  /** Where the engine knows a repeated number, a call may be sent again; elsewhere it would train twice. */
  get #trainingRetry(): "always" | "unsent" {
    return this.#parts.capabilities.idempotent ? "always" : "unsent";
  }

  #numbered(): { seq_id?: number } {
    this.#sequence++;
    return this.#parts.capabilities.idempotent ? { seq_id: this.#sequence } : {};
  }

  /** Sends a call that trains and waits for it. Whatever leaves open whether it trained closes the model for training. */
  async #trained(what: string, signal: AbortSignal, submit: () => Promise<unknown>): Promise<Answer> {
    if (this.#broken) throw new EngineError("lost", this.#broken);
    const { connection } = this.#parts;
    try {
      return await awaitFuture(connection, requestId(await submit(), what), what, signal);
    } catch (error) {
      this.#broken = `It is not known whether ${what} was done; go back to a checkpoint, so that nothing is trained twice.`;
      if (signal.aborted) throw cancelled(signal);
      if (error instanceof EngineError && error.kind === "unreachable" && !this.#parts.capabilities.idempotent)
        throw new EngineError("lost", this.#broken, { cause: error });
      throw error;
    }
  }

  /** Calls run one after another, in the order in which they were made. */
  #inTurn<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (signal.aborted) throw cancelled(signal);
      this.#parts.session.check();
      return call();
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

/** Whether a publication may be tried again: the connection broke, or the answer was lost. */
function passing(error: unknown): boolean {
  return error instanceof EngineError && (error.kind === "unreachable" || error.kind === "timeout");
}

/** A forward pass without gradient may carry copies: shapes that are compiled already cost less than rows. */
function filledUp(datums: readonly Datum[], microBatch: number): Datum[] {
  const missing = (microBatch - (datums.length % microBatch)) % microBatch;
  return [...datums, ...Array.from({ length: missing }, () => datums[datums.length - 1]!)];
}
