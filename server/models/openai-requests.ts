import type OpenAI from "openai";
import type { APIError } from "openai";
import { z } from "zod";
import { PolicyError, type PolicyTurn } from "./policy.ts";

/** completions: the transcript's text is continued exactly. chat: the server's own template is put around messages. */
export type Form = "completions" | "chat";

/** Fields that a server may refuse and a request can do without. */
const optionalFields = ["stream_options", "stop", "temperature", "top_p", "seed", "max_tokens"] as const;
export type OptionalField = (typeof optionalFields)[number];

/** OpenAI refuses more; the rollout enforces all of them on our side. */
const maxStops = 4;

/** Sends a turn and answers its stream of raw events. Rejects with the `openai` package's errors. */
export async function sendTurn(
  client: OpenAI,
  form: Form,
  model: string,
  turn: PolicyTurn,
  without: ReadonlySet<OptionalField>,
  signal: AbortSignal,
): Promise<AsyncIterable<unknown>> {
  const { temperature, topP, seed, maxSegmentTokens } = turn.sampling;
  const wanted: Record<OptionalField, unknown> = {
    stream_options: { include_usage: true },
    stop: turn.stops.length > 0 ? turn.stops.slice(0, maxStops) : undefined,
    temperature,
    top_p: topP,
    seed,
    max_tokens: maxSegmentTokens,
  };
  const fields: Record<string, unknown> = {};
  for (const field of optionalFields) {
    if (wanted[field] === undefined) continue;
    if (!without.has(field)) fields[field] = wanted[field];
    // OpenAI's reasoning models know the limit under another name only.
    else if (field === "max_tokens" && form === "chat") fields["max_completion_tokens"] = wanted[field];
  }
  if (form === "chat")
    return client.chat.completions.create({ ...fields, model, messages: [...turn.messages], stream: true }, { signal });
  return client.completions.create({ ...fields, model, prompt: turn.transcript.text, stream: true }, { signal });
}

/** The optional field that an error names as refused. */
export function refusedField(error: APIError): OptionalField | undefined {
  if (error.status !== 400 && error.status !== 422) return undefined;
  const refusal =
    /unsupported|support|unknown|unrecogni[sz]ed|not permitted|not allowed|extra|unexpected|invalid|forbidden/i;
  return optionalFields.find(
    (field) =>
      error.param === field || (refusal.test(error.message) && new RegExp(`\\b${field}\\b`).test(error.message)),
  );
}

/** What one event of a stream brought. */
export interface Piece {
  text: string;
  reasoning: string;
  finish?: string;
  /** The stop string that was met, where the server tells it (vLLM). */
  stop?: string;
  usage?: { promptTokens: number; policyTokens: number };
}

const text = z.string().nullish().catch(undefined);
const Event = z.object({
  choices: z.array(
    z.object({
      text: z.string().nullish(),
      delta: z
        .object({ content: z.string().nullish(), reasoning_content: text, reasoning: text, refusal: text })
        .nullish(),
      finish_reason: z.string().nullish(),
      stop_reason: text,
    }),
  ),
  usage: z
    .object({ prompt_tokens: z.int().min(0), completion_tokens: z.int().min(0) })
    .nullish()
    .catch(undefined),
});

/** Reads one event. Throws `PolicyError` for one that is none, and for a refusal. */
export function readEvent(raw: unknown, host: string): Piece {
  const event = Event.safeParse(raw);
  if (!event.success) {
    throw new PolicyError(
      "bad-response",
      `${host} sent something that is no completion event; check that it is an OpenAI-compatible server.`,
    );
  }
  const { choices, usage } = event.data;
  const [choice] = choices;
  if (choice?.delta?.refusal || choice?.finish_reason === "content_filter") {
    throw new PolicyError(
      "refused",
      `${host} refused to answer this; put the question differently or choose another model.`,
    );
  }
  return {
    text: choice?.text ?? choice?.delta?.content ?? "",
    reasoning: choice?.delta?.reasoning_content ?? choice?.delta?.reasoning ?? "",
    ...(choice?.finish_reason ? { finish: choice.finish_reason } : {}),
    ...(typeof choice?.stop_reason === "string" ? { stop: choice.stop_reason } : {}),
    ...(usage ? { usage: { promptTokens: usage.prompt_tokens, policyTokens: usage.completion_tokens } } : {}),
  };
}
