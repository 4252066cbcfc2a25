import { z } from "zod";
import {
  type EngineCapabilities,
  EngineError,
  type Sampler,
  type TrainedModel,
  type TrainingEngine,
} from "../engine.ts";
import { askDialect } from "./ask-dialect.ts";
import { EngineConnection, type ConnectionOptions, EngineStatus } from "./connection.ts";
import type { Dialect, SkyrlBackend } from "./dialects.ts";
import { awaitFuture, requestId } from "./futures.ts";
import { TinkerModel } from "./model.ts";
import { TinkerSampler } from "./sampler.ts";
import { EngineSession } from "./session.ts";

export interface ConnectOptions extends ConnectionOptions {
  /** Sequences that the engine samples together. */
  samplingWidth: number;
  /** Sequences per forward and backward pass. */
  microBatch?: number;
  /** Backend of a SkyRL server; absent: found out. */
  backend?: SkyrlBackend;
  /** Name of the base model on the engine; absent: the one that it serves. */
  baseModel?: string;
  /** Ids that the model has; absent: ids are only held against what the wire carries. */
  vocabulary?: number;
  /** Tokens that the model reads; absent: lengths are not checked, and an engine that cuts them says nothing. */
  contextLength?: number;
  /** Adapters beside the base model. */
  maxModels?: number;
  signal: AbortSignal;
  heartbeatMilliseconds?: number;
}

export interface ConnectedEngine extends TrainingEngine {
  /** The base model that is served, by its name on the engine. */
  readonly baseModel: string;
  /** A sentence where the engine is of a version that was not tried. */
  readonly untried?: string;
}

/** What an int32 carries: ids and lengths where a model's own bounds are not known. */
const int32Bound = 2 ** 31 - 1;

const Served = z.looseObject({ supported_models: z.array(z.looseObject({ model_name: z.string().min(1) })).min(1) });

/**
 * Connects to a server of the Tinker protocol: asks what it is and what it speaks, opens a session and keeps it alive.
 * @throws EngineError: `unreachable`, `unauthorised`, `unknown-model` where it serves another base model, `unsupported` where its version
 * lacks what is needed, `bad-response`, `cancelled`
 */
export async function connectEngine(options: ConnectOptions): Promise<ConnectedEngine> {
  const { signal } = options;
  const connection = new EngineConnection(options);
  const baseModel = await askBaseModel(connection, options.baseModel, signal);
  const dialect = await askDialect(connection, baseModel, options.backend, signal);
  const session = await EngineSession.open(connection, signal, options.heartbeatMilliseconds);
  return new TinkerEngine(connection, session, capabilitiesOf(dialect, options), dialect, baseModel);
}

async function askServed(connection: EngineConnection, signal: AbortSignal): Promise<z.infer<typeof Served>> {
  let cause: unknown;
  try {
    const answer = await connection.json("/get_server_capabilities", undefined, { signal, retry: "always" });
    const served = Served.safeParse(answer);
    if (served.success) return served.data;
    cause = served.error;
  } catch (error) {
    // What is not JSON, or an address that is not known there, comes from a program of another kind.
    const other = error instanceof EngineStatus ? [404, 405].includes(error.status) : isBadResponse(error);
    if (!other) throw error;
    cause = error;
  }
  const what = `${connection.host} does not say what it serves; it may be no Tinker server, so check its address.`;
  throw new EngineError("bad-response", what, { cause });
}

function isBadResponse(error: unknown): boolean {
  return error instanceof EngineError && error.kind === "bad-response";
}

async function askBaseModel(
  connection: EngineConnection,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { supported_models: models } = await askServed(connection, signal);
  const names = models.map(({ model_name: name }) => name);
  if (wanted === undefined) return names[0]!;
  if (names.includes(wanted)) return wanted;
  throw new EngineError(
    "unknown-model",
    `${connection.host} serves ${names.slice(0, 3).join(", ")} and not ${wanted}; start it with that model, or name another.`,
  );
}

function capabilitiesOf(dialect: Dialect, options: ConnectOptions): EngineCapabilities {
  const { forwardPath: _, untried: __, ...known } = dialect;
  return {
    ...known,
    samplingWidth: options.samplingWidth,
    microBatch: options.microBatch ?? 1,
    maxModels: options.maxModels ?? 1,
    vocabulary: options.vocabulary ?? int32Bound,
    contextLength: options.contextLength ?? int32Bound,
  };
}

const Created = z.looseObject({
  model_id: z.string().min(1).optional(),
  request_id: z.union([z.string(), z.number()]),
});
const CreatedResult = z.looseObject({ model_id: z.string().min(1) });

class TinkerEngine implements ConnectedEngine {
  readonly capabilities: EngineCapabilities;
  readonly #connection: EngineConnection;
  readonly #session: EngineSession;
  readonly #dialect: Dialect;
  readonly baseModel: string;
  readonly untried?: string;
  readonly #models = new Set<TinkerModel>();

  constructor(
    connection: EngineConnection,
    session: EngineSession,
    capabilities: EngineCapabilities,
    dialect: Dialect,
    baseModel: string,
  ) {
    this.#connection = connection;
    this.#session = session;
    this.capabilities = capabilities;
    this.#dialect = dialect;
    if (dialect.untried !== undefined) this.untried = dialect.untried;
    this.baseModel = baseModel;
  }

  async createModel(
    options: { rank: number; seed: number; from?: { path: string; optimiser: boolean } },
    signal: AbortSignal,
  ): Promise<TrainedModel> {
    const { rank, seed, from } = options;
    if (!Number.isInteger(rank) || rank < 1)
      throw new EngineError("invalid", `An adapter cannot have rank ${rank}; use a whole number from 1 on.`);
    if (!Number.isInteger(seed) || seed < 0 || seed > int32Bound)
      throw new EngineError(
        "invalid",
        `A model cannot have the seed ${seed}; use a whole number from 0 to ${int32Bound}.`,
      );
    if (from && !/^tinker:\/\/[^/]+\/weights\/[A-Za-z0-9_-]+$/.test(from.path))
      throw new EngineError(
        "invalid",
        `${from.path} is no checkpoint with weights; it has the form tinker://MODEL/weights/NAME.`,
      );
    this.#session.check();
    const id = await this.#create(rank, seed, signal);
    const model = new TinkerModel({
      connection: this.#connection,
      session: this.#session,
      capabilities: this.capabilities,
      id,
      rank,
      baseModel: this.baseModel,
      forwardPath: this.#dialect.forwardPath,
      onUnload: () => this.#models.delete(model),
    });
    this.#models.add(model);
    if (!from) return model;
    try {
      // Only the first call of a model may load, so a lost answer cannot be asked for again on the same model.
      const body = { model_id: id, path: from.path, optimizer: from.optimiser, type: "load_weights" };
      const submitted = await this.#connection.json("/load_weights", body, { signal, retry: "unsent" });
      await awaitFuture(this.#connection, requestId(submitted, "a loading"), "the loading of a checkpoint", signal);
      return model;
    } catch (error) {
      // The slot is free again whatever happened.
      await model.unload(AbortSignal.timeout(10_000)).catch(() => undefined);
      throw error;
    }
  }

  async #create(rank: number, seed: number, signal: AbortSignal): Promise<string> {
    const body = {
      session_id: this.#session.id,
      model_seq_id: this.#models.size,
      base_model: this.baseModel,
      lora_config: { rank, seed },
      type: "create_model",
    };
    // A second model would hold a slot that nobody frees, so only a call that cannot have arrived is sent again.
    const answer = await this.#connection.json("/create_model", body, { signal, retry: "unsent" });
    const submitted = Created.safeParse(answer);
    const result = await awaitFuture(this.#connection, requestId(answer, "a model"), "the new model", signal);
    const id =
      submitted.data?.model_id ?? CreatedResult.safeParse(result.kind === "json" ? result.value : null).data?.model_id;
    if (id === undefined)
      throw new EngineError("bad-response", `${this.#connection.host} made a model and did not say its id.`);
    return id;
  }

  base(): Sampler | undefined {
    if (!this.capabilities.baseSampling) return undefined;
    return new TinkerSampler({
      connection: this.#connection,
      capabilities: this.capabilities,
      baseModel: this.baseModel,
      source: { baseModel: this.baseModel },
      checkFresh: () => this.#session.check(),
    });
  }

  async close(): Promise<void> {
    // Sessions cannot be ended: what is left loaded would hold its slots until the session expires.
    const signal = AbortSignal.timeout(10_000);
    await Promise.all([...this.#models].map((model) => model.unload(signal).catch(() => undefined)));
    this.#session.close();
  }
}
