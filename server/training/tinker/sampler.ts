import {
  type EngineCapabilities,
  EngineError,
  type SampledSequence,
  type Sampler,
  type SampleRequest,
} from "../engine.ts";
import { checkIds, checkSampling } from "./check-sampling.ts";
import { type EngineConnection, pause } from "./connection.ts";
import { awaitFuture, requestId } from "./futures.ts";
import { inOrder } from "./in-order.ts";
import { paddedStops, planSampling, type SamplingBatch } from "./plan-sampling.ts";
import { sampleAnswer, type SampleAnswer, sampleBody, type SampleSource } from "./sampling-wire.ts";

/** Requests that are sent or waited for at once. */
const inFlight = 64;

/** Time in which an idle engine takes up what lies there: it looks every 0.1 s. */
const takeUpMilliseconds = 120;

export interface SamplerParts {
  connection: EngineConnection;
  capabilities: EngineCapabilities;
  source: SampleSource;
  /** The base model's name on the engine, which the plug of a batch is sampled from. */
  baseModel: string;
  /** Throws where these weights were trained on since. */
  checkFresh(): void;
}

/** One row of a batch, as it is sent. */
interface Row {
  request: SampleRequest;
  maxTokens: number;
  promptLogprobs: boolean;
  routing: number;
}

/** Weights that can be sampled, over the wire. */
export class TinkerSampler implements Sampler {
  readonly #parts: SamplerParts;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  async sample(requests: readonly SampleRequest[], signal: AbortSignal): Promise<SampledSequence[]> {
    const { capabilities } = this.#parts;
    checkSampling(requests, capabilities);
    const answers = await this.#run(requests, false, signal);
    return answers.map(({ sequence }, at) => cutSequence(sequence, requests[at]!));
  }

  async logprobs(sequences: readonly (readonly number[])[], signal: AbortSignal): Promise<Float64Array[]> {
    const { capabilities } = this.#parts;
    const requests = sequences.map((ids, at): SampleRequest => {
      checkIds(ids, `Sequence ${at}`, capabilities);
      if (ids.length < 2)
        throw new EngineError(
          "invalid",
          `Sequence ${at} has ${ids.length} tokens; at least 2 are needed to predict one.`,
        );
      if (ids.length > capabilities.contextLength)
        throw new EngineError(
          "invalid",
          `Sequence ${at} has ${ids.length} tokens, but the model reads ${capabilities.contextLength}; shorten it.`,
        );
      return { prompt: ids, maxTokens: 1, temperature: 1, seed: 0, stopIds: [] };
    });
    const answers = await this.#run(requests, true, signal);
    return answers.map(({ promptLogprobs }, at) => this.#promptRow(promptLogprobs, sequences[at]!.length));
  }

  #promptRow(row: Float64Array | undefined, length: number): Float64Array {
    const tail = row?.subarray(this.#parts.capabilities.promptLogprobsOffset);
    if (!tail || tail.length !== length - 1)
      throw new EngineError(
        "bad-response",
        `The engine gave ${row?.length ?? "no"} prompt log-probs for ${length} tokens; its backend may be another than was said.`,
      );
    if (!tail.every(Number.isFinite))
      throw new EngineError("not-finite", "The engine's log-probs are no numbers: the weights are spoilt.");
    return tail.slice();
  }

  async #run(
    requests: readonly SampleRequest[],
    promptLogprobs: boolean,
    signal: AbortSignal,
  ): Promise<SampleAnswer[]> {
    const { capabilities, checkFresh } = this.#parts;
    if (requests.length === 0) return [];
    checkFresh();
    const answers = capabilities.fillsBatches
      ? await this.#inBatches(requests, promptLogprobs, signal)
      : await inOrder(requests, inFlight, async (request, routing) =>
          this.#answer(
            await this.#send({ request, maxTokens: request.maxTokens, promptLogprobs, routing }, signal),
            signal,
          ),
        );
    checkFresh();
    return answers;
  }

  /** Sends the batches one after another into the engine's queue, then waits for all. */
  async #inBatches(
    requests: readonly SampleRequest[],
    promptLogprobs: boolean,
    signal: AbortSignal,
  ): Promise<SampleAnswer[]> {
    const { capabilities } = this.#parts;
    const batches = planSampling(requests, capabilities.samplingWidth, capabilities.contextLength);
    const plug = capabilities.samplingWidth > 1 ? await this.#plug(signal) : undefined;
    const sent: { index: number; id: string }[] = [];
    for (const batch of batches) sent.push(...(await this.#sendBatch(batch, requests, promptLogprobs, signal)));
    if (plug) await awaitFuture(this.#parts.connection, plug, "a sample", signal);
    const first = sent.filter(({ index }, at) => sent.findIndex((other) => other.index === index) === at);
    const answers: SampleAnswer[] = [];
    const rejected: number[] = [];
    await inOrder(first, inFlight, async ({ index, id }) => {
      try {
        answers[index] = await this.#answer(id, signal);
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== "rejected") throw error;
        rejected.push(index);
      }
    });
    // One bad request fails its whole batch on the engine, also one of another client: each is asked for again by itself.
    for (const index of rejected.sort((a, b) => a - b)) {
      const request = requests[index]!;
      const row = { request, maxTokens: request.maxTokens, promptLogprobs, routing: index };
      answers[index] = await this.#answer(await this.#send(row, signal), signal);
    }
    return answers;
  }

  /**
   * A request of one token that keeps the engine busy while a batch is sent: an idle engine takes up what it finds, and half a batch is
   * sampled as slowly as a whole one.
   */
  async #plug(signal: AbortSignal): Promise<string> {
    const { connection, baseModel } = this.#parts;
    const request = { prompt: [0], maxTokens: 1, temperature: 0, seed: 0, stopIds: [] };
    const body = sampleBody({ baseModel }, request, { maxTokens: 1, stop: [], routing: 0, promptLogprobs: false });
    const answer = await connection.json("/asample", body, { signal, retry: "always" });
    await pause(takeUpMilliseconds, signal);
    return requestId(answer, "a sample");
  }

  async #sendBatch(
    batch: SamplingBatch,
    requests: readonly SampleRequest[],
    promptLogprobs: boolean,
    signal: AbortSignal,
  ): Promise<{ index: number; id: string }[]> {
    return inOrder(batch.indices, inFlight, async (index) => {
      const row = { request: requests[index]!, maxTokens: batch.maxTokens, promptLogprobs, routing: index };
      return { index, id: await this.#send(row, signal) };
    });
  }

  async #send({ request, maxTokens, promptLogprobs, routing }: Row, signal: AbortSignal): Promise<string> {
    const { connection, capabilities, source } = this.#parts;
    const strings = request.stopStrings ?? [];
    // Strings that do not end sampling early save nothing: ids do, and whoever asked cuts at the strings.
    const useStrings = strings.length > 0 && (capabilities.stopStringsEarly || request.stopIds.length === 0);
    const ids = capabilities.fillsBatches ? paddedStops(request.stopIds) : request.stopIds;
    const body = sampleBody(source, request, { maxTokens, stop: useStrings ? strings : ids, routing, promptLogprobs });
    // A repeated sample costs time and changes nothing.
    return requestId(await connection.json("/asample", body, { signal, retry: "always" }), "a sample");
  }

  async #answer(id: string, signal: AbortSignal): Promise<SampleAnswer> {
    return sampleAnswer(await awaitFuture(this.#parts.connection, id, "a sample", signal));
  }
}

/** The first stop id ends a sequence, and so does its own limit, where its batch had a larger one. */
function cutSequence({ ids, logprobs, reason }: SampledSequence, request: SampleRequest): SampledSequence {
  const at = ids.findIndex((id) => request.stopIds.includes(id));
  if (at >= 0 && at < request.maxTokens)
    return { ids: ids.slice(0, at + 1), logprobs: logprobs.slice(0, at + 1), reason: "stop" };
  if (ids.length > request.maxTokens)
    return { ids: ids.slice(0, request.maxTokens), logprobs: logprobs.slice(0, request.maxTokens), reason: "length" };
  return { ids, logprobs, reason };
}
