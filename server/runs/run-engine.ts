import { setTimeout as wait } from "node:timers/promises";
import type { Recipe } from "../../protocol/recipe.ts";
import { readModelFolder } from "../engine/model-folder.ts";
import { groupMembers } from "../engine/process-group.ts";
import { startEngine } from "../engine/start-engine.ts";
import type { TrainingEngine } from "../training/engine.ts";
import { connectEngine } from "../training/tinker/connect.ts";

/** Environment variable with the token of the proxy before a remote engine. */
export const engineTokenName = "SEARCHLIGHT_ENGINE_TOKEN";

/** Places for adapters: the base model's own, the policy's, and one for a checkpoint that is looked at beside it. */
const adapters = 4;

export interface RunEngineRequest {
  readonly recipe: Recipe;
  /** Absolute folder of the base model. */
  readonly model: string;
  /** Folder of a local engine's own files. */
  readonly home: string;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface RunEngine {
  readonly engine: TrainingEngine;
  /** Resolves with a sentence when a local engine ends by itself; never for a remote one. */
  readonly ended: Promise<string>;
  /** Ends the session, and a local engine with everything it started. Answers what still runs, by process number. */
  close(): Promise<string[]>;
}

/**
 * Starts the engine of a recipe, or connects to the one it names. Throws `EngineStartError` where a local one does not start, `EngineError`
 * where a remote one cannot be reached, refuses the token, or holds another model; nothing is left running then.
 */
export async function openRunEngine(request: RunEngineRequest): Promise<RunEngine> {
  const { recipe, model, home, signal, onProgress } = request;
  const chosen = recipe.engine;
  const read = readModelFolder(model, chosen.kind === "local" ? chosen.backend : "jax");
  const bounds = read.ok ? { vocabulary: read.model.vocabulary, contextLength: read.model.contextLength } : {};
  const { samplingWidth } = chosen;
  if (chosen.kind === "remote") {
    const token = process.env[engineTokenName];
    const engine = await connectEngine({
      url: chosen.url,
      ...(token ? { token } : {}),
      samplingWidth,
      ...bounds,
      signal,
    });
    if (engine.untried !== undefined) onProgress(engine.untried);
    return {
      engine,
      ended: new Promise(() => {}),
      async close() {
        await engine.close();
        return [];
      },
    };
  }
  const { backend, device, microBatch, devices } = chosen;
  const { rank } = recipe.model;
  const running = await startEngine({
    home,
    model,
    backend,
    device,
    rank,
    adapters,
    microBatch,
    samplingWidth,
    devices,
    signal,
    onProgress,
  });
  let engine: TrainingEngine;
  try {
    engine = await connectEngine({
      url: running.url,
      samplingWidth,
      microBatch,
      maxModels: adapters - 1,
      backend,
      baseModel: model,
      ...bounds,
      signal,
    });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return {
    engine,
    ended: running.exited.then(({ reason }) => reason),
    async close() {
      // An engine that is gone would be asked in vain for long; one that ends needs no unloading.
      await Promise.race([engine.close().catch(() => {}), wait(2_000)]);
      await running.stop();
      return (await groupMembers(running.group)).map(({ pid }) => `process ${pid} of the engine`);
    },
  };
}
