import { join } from "node:path";
import { EngineStartError } from "../engine/engine-start-error.ts";
import { knownEngines } from "../engine/engine-registry.ts";
import { type ModelFolder, readModelFolder } from "../engine/model-folder.ts";
import { type RunningEngine, startEngine } from "../engine/start-engine.ts";
import { type Policy, PolicyError } from "../models/policy.ts";
import { EngineError, type Sampler, type TrainingEngine } from "../training/engine.ts";
import { samplerPolicy } from "../training/sampler-policy.ts";
import { connectEngine } from "../training/tinker/connect.ts";
import { type PolicyFolder, policyNamed } from "./policy-folders.ts";

/** Sequences that one call carries: an engine on a CPU computes all of them whether they are asked for or not. */
const samplingWidth = 4;

/** The base model's place and one more, which the engine wants. */
const adapters = 2;

/** Programs of one machine that may each have an engine of the same policy. */
const places = 8;

export interface PolicyEnginesOptions {
  /** Told what is being waited for while an engine starts. */
  readonly onProgress?: (line: string) => void;
  /** An engine that nobody asks for so long is stopped; it comes back at the next question. */
  readonly idleSeconds?: number;
}

interface Serving {
  readonly sampler: Sampler;
  close(): Promise<void>;
}

/**
 * The engines that trained policies of this process are sampled with: one for each policy, started at the first stretch it is asked for, or
 * another program's that serves the same weights. They end with this process.
 */
export class PolicyEngines {
  readonly #options: PolicyEnginesOptions;
  readonly #serving = new Map<string, Promise<Serving>>();
  readonly #idle = new Map<string, NodeJS.Timeout>();
  readonly #stop = new AbortController();

  constructor(options: PolicyEnginesOptions = {}) {
    this.#options = options;
  }

  /** A trained policy by its name. No engine runs before it is asked to write. Throws `PolicyError`. */
  open(name: string): Policy {
    const found = policyNamed(name);
    if (!found)
      throw new PolicyError(
        "unavailable",
        `There is no trained policy ${name}; searchlight models lists those there are.`,
      );
    const read = readModelFolder(found.model);
    if (!read.ok) throw new PolicyError("unavailable", read.reason);
    const { record } = found;
    const { tokenizer, endIds, contextLength } = read.model;
    const policy = samplerPolicy({
      sampler: this.#sampler(found, read.model),
      tokenizer,
      endIds,
      ref: { id: `trained:${name}`, kind: "tinker", label: record.title },
      contextLength: Math.min(contextLength, record.contextTokens ?? Infinity),
      signal: this.#stop.signal,
    });
    return {
      ...policy,
      async *generate(turn, signal) {
        try {
          return yield* policy.generate(turn, signal);
        } catch (error) {
          throw asPolicyError(error);
        }
      },
    };
  }

  /** Stops every engine that was started here. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#idle.values()) clearTimeout(timer);
    const all = [...this.#serving.values()];
    this.#serving.clear();
    await Promise.allSettled(all.map(async (serving) => (await serving).close()));
  }

  /** The policy's sampler, whose engine is started at the first call and again where it went away. */
  #sampler(policy: PolicyFolder, model: ModelFolder): Sampler {
    const { name } = policy.record;
    const use = async <T>(ask: (sampler: Sampler) => Promise<T>): Promise<T> => {
      clearTimeout(this.#idle.get(name));
      try {
        const serving = this.#serving.get(name);
        if (serving) {
          try {
            return await ask((await serving).sampler);
          } catch (error) {
            // Whoever started the engine may have stopped it, or it ended; what was asked is asked of another one.
            if (!(error instanceof EngineError) || !["unreachable", "lost"].includes(error.kind)) throw error;
            await this.#leave(name, serving);
          }
        }
        return await ask((await this.#serve(policy, model)).sampler);
      } finally {
        if (!this.#stop.signal.aborted) this.#idle.set(name, this.#idleTimer(name));
      }
    };
    return {
      sample: (requests, signal) => use((sampler) => sampler.sample(requests, signal)),
      logprobs: (sequences, signal) => use((sampler) => sampler.logprobs(sequences, signal)),
    };
  }

  #serve(policy: PolicyFolder, model: ModelFolder): Promise<Serving> {
    const { name } = policy.record;
    const known = this.#serving.get(name);
    if (known) return known;
    const serving = this.#start(policy, model);
    this.#serving.set(name, serving);
    serving.catch(() => this.#serving.delete(name));
    return serving;
  }

  async #start(policy: PolicyFolder, model: ModelFolder): Promise<Serving> {
    const signal = this.#stop.signal;
    const running = knownEngines().find(({ state, record }) => state === "held" && record.model === model.folder);
    if (running) {
      const joined = await connected(running.record.url, model, signal).catch(() => undefined);
      if (joined) return { sampler: joined.base()!, close: () => joined.close() };
    }
    const engine = await this.#ownEngine(policy, model);
    try {
      const session = await connected(engine.url, model, signal);
      return {
        sampler: session.base()!,
        async close() {
          await session.close();
          await engine.stop();
        },
      };
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** Another program may be starting an engine of the same policy; this one's files then lie beside it. */
  async #ownEngine(policy: PolicyFolder, model: ModelFolder): Promise<RunningEngine> {
    for (let place = 1; ; place++) {
      try {
        return await startEngine({
          home: join(policy.folder, place === 1 ? "engine" : `engine-${place}`),
          model: model.folder,
          backend: "jax",
          rank: 1,
          adapters,
          microBatch: 1,
          samplingWidth,
          signal: this.#stop.signal,
          ...(this.#options.onProgress ? { onProgress: this.#options.onProgress } : {}),
        });
      } catch (error) {
        if (!(error instanceof EngineStartError) || error.kind !== "busy" || place === places) throw error;
      }
    }
  }

  async #leave(name: string, serving: Promise<Serving>): Promise<void> {
    if (this.#serving.get(name) === serving) this.#serving.delete(name);
    await serving.then((each) => each.close()).catch(() => {});
  }

  #idleTimer(name: string): NodeJS.Timeout {
    const timer = setTimeout(
      () => {
        const serving = this.#serving.get(name);
        if (serving) void this.#leave(name, serving);
      },
      (this.#options.idleSeconds ?? 600) * 1000,
    );
    return timer.unref();
  }
}

async function connected(url: string, model: ModelFolder, signal: AbortSignal): Promise<TrainingEngine> {
  const { folder, vocabulary, contextLength } = model;
  return connectEngine({ url, samplingWidth, baseModel: folder, backend: "jax", vocabulary, contextLength, signal });
}

function asPolicyError(error: unknown): unknown {
  if (error instanceof EngineStartError)
    return new PolicyError(error.kind === "cancelled" ? "cancelled" : "unavailable", error.message, { cause: error });
  if (!(error instanceof EngineError)) return error;
  const kinds = { cancelled: "cancelled", timeout: "timeout", unauthorised: "unauthorised" } as const;
  const kind = error.kind in kinds ? kinds[error.kind as keyof typeof kinds] : "unavailable";
  return new PolicyError(kind, error.message, { cause: error });
}
