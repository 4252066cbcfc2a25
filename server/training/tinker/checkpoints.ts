import { z } from "zod";
import { EngineError } from "../engine.ts";
import { type EngineConnection, EngineStatus, pause, Redirect } from "./connection.ts";
import { awaitFuture, requestId } from "./futures.ts";
import { peftArchive } from "./peft-archive.ts";
import { readAnswer } from "./read-answer.ts";

/** The model whose checkpoints they are, by its id on the engine. */
export interface CheckpointParts {
  connection: EngineConnection;
  id: string;
  baseModel: string;
}

const Saved = z.looseObject({ path: z.string().startsWith("tinker://") });
const Checkpoints = z.looseObject({
  checkpoints: z.array(z.looseObject({ checkpoint_id: z.string(), tinker_path: z.string() })),
});

/** @throws EngineError of kind "invalid" for a name that engines do not take */
export function checkName(name: string): void {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(name))
    throw new EngineError("invalid", `A checkpoint cannot be named ${name}; use letters, digits, - and _.`);
}

/** Saves weights and optimiser state; answers their path. A name that is taken is taken for this checkpoint. Throws `EngineError`. */
export async function saveCheckpoint(
  { connection, id }: CheckpointParts,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const body = { model_id: id, path: name, type: "save_weights" };
  try {
    const submitted = await connection.json("/save_weights", body, { signal, retry: "always" });
    const answer = await awaitFuture(connection, requestId(submitted, "a checkpoint"), "the checkpoint", signal);
    return readAnswer(Saved, answer, "the checkpoint").path;
  } catch (error) {
    // The name is taken by an earlier try of this call, or by an earlier call.
    if (!(error instanceof EngineStatus) || error.status !== 409) throw error;
    return savedPath(connection, id, name, signal);
  }
}

/** Path of a checkpoint that is there or on its way. */
async function savedPath(connection: EngineConnection, id: string, name: string, signal: AbortSignal): Promise<string> {
  for (let asked = 1; asked <= 240; asked++) {
    const answer = await connection.json(`/training_runs/${id}/checkpoints`, undefined, { signal, retry: "always" });
    const parsed = Checkpoints.safeParse(answer);
    const path = parsed.data?.checkpoints.find(
      ({ checkpoint_id: checkpoint, tinker_path: where }) => checkpoint === name && where.includes("/weights/"),
    )?.tinker_path;
    if (path) return path;
    await pause(Math.min(1000, 50 * asked), signal);
  }
  throw new EngineError("rejected", `The checkpoint ${name} was begun and never finished; save under another name.`);
}

/** The adapter as a PEFT archive (tar.gz bytes). Throws `EngineError`. */
export async function exportAdapter(
  { connection, id, baseModel }: CheckpointParts,
  name: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const body = { model_id: id, path: name, type: "save_weights_for_sampler" };
  try {
    const submitted = await connection.json("/save_weights_for_sampler", body, { signal, retry: "always" });
    await awaitFuture(connection, requestId(submitted, "an adapter"), "the adapter", signal);
  } catch (error) {
    if (!(error instanceof EngineStatus) || error.status !== 409) throw error;
  }
  return peftArchive(await download(connection, id, name, signal), baseModel);
}

async function download(
  connection: EngineConnection,
  id: string,
  name: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let path = `/api/v1/training_runs/${id}/checkpoints/${name}/archive`;
  for (let hops = 0; hops < 3; hops++) {
    try {
      const answer = await connection.call({ path, signal, seconds: 600, retry: "always", redirects: true });
      if (answer.kind === "bytes") return answer.bytes;
      break;
    } catch (error) {
      if (!(error instanceof Redirect)) throw error;
      // The server names itself as it sees itself; behind a proxy or tunnel only what follows that holds.
      const location = URL.parse(error.location, "http://engine");
      if (!location) break;
      path = `${location.pathname}${location.search}`;
    }
  }
  throw new EngineError("bad-response", "The engine gave no archive of the adapter; its version may be another.");
}

/**
 * The model of a checkpoint's path, and the checkpoint's place under it.
 * @throws EngineError of kind "invalid" for a path that is none
 */
export function checkpointAt(path: string): { model: string; place: string } {
  const parts = /^tinker:\/\/([^/]+)\/(weights|sampler_weights)\/([A-Za-z0-9_-]+)$/.exec(path);
  if (parts) return { model: parts[1]!, place: `${parts[2]}/${parts[3]}` };
  throw new EngineError("invalid", `${path} is no checkpoint's path; it has the form tinker://MODEL/weights/NAME.`);
}

/** Deletes a checkpoint; one that is gone, and a server that cannot delete, are no failures. Throws `EngineError` for any other. */
export async function removeCheckpoint(
  connection: EngineConnection,
  model: string,
  place: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/training_runs/${model}/checkpoints/${place}`;
  try {
    await connection.call({ method: "DELETE", path, signal, retry: "always" });
  } catch (error) {
    if (error instanceof EngineStatus && [404, 405, 425, 501].includes(error.status)) return;
    throw error;
  }
}
