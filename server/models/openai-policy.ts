import OpenAI, { APIError } from "openai";
import { ChatText } from "./chat-text.ts";
import { type Endpoint, type KeySource, endpointKey } from "./endpoint.ts";
import { finishOf } from "./finish.ts";
import { policyError } from "./openai-errors.ts";
import { openaiFetch } from "./openai-fetch.ts";
import { type Form, type OptionalField, type Piece, readEvent, refusedField, sendTurn } from "./openai-requests.ts";
import { type Policy, type PolicyChunk, PolicyError, type PolicyFinish, type PolicyTurn } from "./policy.ts";
import { SilenceWatch } from "./silence-watch.ts";

export interface OpenaiPolicyOptions {
  /** As accepted by `--policy`. */
  id: string;
  model: string;
  endpoint: Endpoint;
  form: Form;
  /** The HTTP layer's fetch. */
  fetch: typeof fetch;
  key?: KeySource;
  /** No header and no byte for so long is a timeout. A processor without a graphics card reads a long prompt for minutes. */
  silentSeconds?: number;
}

/** Tries after the first, before any byte came: the package repeats 408, 409, 429, 5xx and failed connections, as Retry-After says. */
const maxRetries = 2;

/**
 * A model behind an OpenAI-compatible server. `openai:` continues the transcript's text by `/v1/completions`; a server that
 * answers 404 or 405 there (many have chat only) is asked by `/v1/chat/completions`, from then on at once. `openai-chat:`
 * always sends chat messages. Fields that a server refuses (`stream_options`, `seed`, …) are left out and it is asked again.
 */
export function openaiPolicy(options: OpenaiPolicyOptions): Policy {
  const { endpoint, model, silentSeconds = 180 } = options;
  const { host } = endpoint;
  const without = new Set<OptionalField>();
  let form = options.form;

  async function open(
    client: OpenAI,
    turn: PolicyTurn,
    signal: AbortSignal,
  ): Promise<{ form: Form; events: AsyncIterable<unknown> }> {
    let trying = form;
    for (;;) {
      try {
        const events = await sendTurn(client, trying, model, turn, without, signal);
        form = trying;
        return { form, events };
      } catch (error) {
        if (!(error instanceof APIError)) throw error;
        const field = refusedField(error);
        if (trying === "completions" && (error.status === 404 || error.status === 405)) trying = "chat";
        else if (
          field &&
          !without.has(field) &&
          policyError(error, { model, host, key: undefined, started: false }).kind !== "too-long"
        )
          without.add(field);
        else throw error;
      }
    }
  }

  return {
    ref: { id: options.id, kind: "openai", label: `${model} at ${host}` },
    form: "text",
    async *generate(turn, signal): AsyncGenerator<PolicyChunk, PolicyFinish> {
      let text = "";
      let finish: string | undefined;
      let stop: string | undefined;
      let usage: Piece["usage"];
      let key: string | undefined;
      let came = false;
      const watch = new SilenceWatch(silentSeconds, signal);
      const checkEnded = (): void => {
        if (signal.aborted) throw new PolicyError("cancelled", `The request to ${host} was cancelled.`);
        if (watch.silent)
          throw new PolicyError(
            "timeout",
            `${host} sent nothing for ${silentSeconds} seconds; look whether the server is busy, or choose a smaller model.`,
          );
        if (watch.flooded)
          throw new PolicyError("bad-response", `${host} sent more than any answer needs; choose another server.`);
      };
      try {
        checkEnded();
        key = await endpointKey(endpoint, options.key);
        const opened = await open(client(endpoint, openaiFetch(options.fetch, key, watch)), turn, watch.signal);
        const chat = opened.form === "chat" ? new ChatText(turn) : undefined;
        for await (const event of opened.events) {
          came = true;
          const piece = readEvent(event, host);
          const delta = chat ? chat.add(piece.reasoning, piece.text) : piece.text;
          finish ??= piece.finish;
          stop ??= piece.stop;
          usage = piece.usage ?? usage;
          text += delta;
          if (delta) yield { text: delta };
        }
        checkEnded();
        if (finish === undefined) throw endedEarly(host, came);
        const rest = chat?.end() ?? "";
        text += rest;
        if (rest) yield { text: rest };
        return { ...finishOf(finish, stop, text, turn), ...usage };
      } catch (error) {
        checkEnded();
        throw policyError(error, { model, host, key, started: came });
      } finally {
        watch.stop();
      }
    },
  };
}

function endedEarly(host: string, came: boolean): PolicyError {
  return came
    ? new PolicyError("unavailable", `The connection to ${host} broke off in the middle of an answer; ask again.`)
    : new PolicyError(
        "bad-response",
        `${host} answered without a stream of events; check that it is an OpenAI-compatible server.`,
      );
}

/** What the package would read from the environment is set here, so that nothing of another account goes to this server. */
function client({ base }: Endpoint, fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({
    baseURL: base,
    // The header is written by our fetch; the package only insists on having one.
    apiKey: "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    fetch,
    maxRetries,
    timeout: 2 ** 31 - 1,
    logLevel: "off",
  });
}
