import { z } from "zod";
import { EngineError } from "../engine.ts";
import { type EngineConnection, EngineStatus } from "./connection.ts";
import { type Dialect, otherDialect, type SkyrlBackend, skyrlDialects } from "./dialects.ts";
import { awaitFuture, requestId } from "./futures.ts";
import { readSkyrlInterface } from "./skyrl-interface.ts";
import { sampleAnswer, sampleBody } from "./sampling-wire.ts";

const OpenApi = z.looseObject({
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** SkyRL calls itself so. */
const skyrlTitle = "Tinker API Mock";

/**
 * Asks a server what it speaks: its OpenAPI document tells SkyRL and its version; any other server is asked by a pass in JSON for a model
 * that cannot be, which one that wants protobuf answers with 415.
 * @param backend of a SkyRL server, which does not say it; absent: found out by one sample of the base model
 * @throws EngineError `unsupported` for a SkyRL that lacks a call, and what the calls throw
 */
export async function askDialect(
  connection: EngineConnection,
  baseModel: string,
  backend: SkyrlBackend | undefined,
  signal: AbortSignal,
): Promise<Dialect> {
  const document = await openApi(connection, signal);
  if (document?.info.title === skyrlTitle) {
    const { version, untried } = skyrlVersion(connection.host, document);
    const dialect = skyrlDialects[backend ?? (await askBackend(connection, baseModel, signal))][version];
    return untried === undefined ? dialect : { ...dialect, untried };
  }
  const forwardPath = document ? "/api/v1/forward" in document.paths : true;
  const wire = await askWire(connection, signal);
  return otherDialect(wire, document ? forwardPath : wire === "json");
}

/** The version to speak to it as, and a sentence where it is none that was tried. Throws `EngineError` of kind `unsupported`. */
function skyrlVersion(
  host: string,
  { info, paths }: z.infer<typeof OpenApi>,
): { version: "0.3" | "0.4"; untried?: string } {
  const methods = Object.entries(paths).map(([path, ways]) => [path, Object.keys(ways)] as const);
  const read = readSkyrlInterface({ version: info.version, paths: Object.fromEntries(methods) });
  const wayOut = "install skyrl 0.4.0 there, as searchlight trainer serve-remote does";
  if (read.kind === "unusable")
    throw new EngineError("unsupported", `${host} ${read.why}; ${wayOut}, or name another engine.`);
  if (read.kind === "known") return { version: read.version };
  return {
    version: read.version,
    untried: `${host} is a SkyRL of a version that was not tried (${read.differs}) and is spoken to as ${read.version}; if the run fails, ${wayOut}.`,
  };
}

async function openApi(
  connection: EngineConnection,
  signal: AbortSignal,
): Promise<z.infer<typeof OpenApi> | undefined> {
  try {
    const answer = await connection.call({ path: "/openapi.json", signal, retry: "always" });
    return answer.kind === "json" ? OpenApi.safeParse(answer.value).data : undefined;
  } catch (error) {
    if (error instanceof EngineStatus && error.kind !== "unauthorised") return undefined;
    if (error instanceof EngineError && error.kind === "bad-response") return undefined;
    throw error;
  }
}

async function askWire(connection: EngineConnection, signal: AbortSignal): Promise<"proto" | "json"> {
  try {
    const body = {
      model_id: "model_none",
      forward_backward_input: { data: [], loss_fn: "cross_entropy" },
    };
    // Nothing is trained by a pass over no sequences for no model, so it may be sent again.
    await connection.json("/forward_backward", body, { signal, retry: "always" });
  } catch (error) {
    if (error instanceof EngineStatus) return error.status === 415 ? "proto" : "json";
    throw error;
  }
  return "json";
}

/** JAX leaves out the log-prob of the first prompt token, vLLM writes none for it, and colocated vLLM cannot sample the base model. */
async function askBackend(connection: EngineConnection, baseModel: string, signal: AbortSignal): Promise<SkyrlBackend> {
  const request = { prompt: [0, 0, 0], maxTokens: 1, temperature: 1, seed: 0, stopIds: [] };
  const body = sampleBody({ baseModel }, request, { maxTokens: 1, stop: [], routing: 0, promptLogprobs: true });
  try {
    const submitted = await connection.json("/asample", body, { signal, retry: "always" });
    const { promptLogprobs } = sampleAnswer(
      await awaitFuture(connection, requestId(submitted, "a sample"), "a sample", signal),
    );
    return promptLogprobs?.length === request.prompt.length - 1 ? "jax" : "fsdp";
  } catch (error) {
    if (error instanceof EngineError && error.kind === "rejected") return "fsdp";
    throw error;
  }
}
