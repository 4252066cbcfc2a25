import { z } from "zod";
import { EngineError } from "../engine.ts";
import { type EngineConnection, EngineStatus } from "./connection.ts";
import { type Dialect, otherDialect, type SkyrlBackend, skyrlDialects } from "./dialects.ts";
import { awaitFuture, requestId } from "./futures.ts";
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
 */
export async function askDialect(
  connection: EngineConnection,
  baseModel: string,
  backend: SkyrlBackend | undefined,
  signal: AbortSignal,
): Promise<Dialect> {
  const document = await openApi(connection, signal);
  const forwardPath = document ? "/api/v1/forward" in document.paths : true;
  if (document?.info.title === skyrlTitle) {
    const version = forwardPath ? "0.3" : "0.4";
    return skyrlDialects[backend ?? (await askBackend(connection, baseModel, signal))][version];
  }
  const wire = await askWire(connection, signal);
  return otherDialect(wire, document ? forwardPath : wire === "json");
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
