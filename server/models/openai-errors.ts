import { APIConnectionError, APIError } from "openai";
import { PolicyError } from "./policy.ts";

/** What an error message is made from. */
export interface Asked {
  model: string;
  host: string;
  key: string | undefined;
  /** Text has come already: the failure broke an answer off. */
  started: boolean;
}

const tooLong =
  /context.{0,24}(length|window|size|limit)|n_ctx|(prompt|input|request).{0,40}too (long|large)|max.{0,24}tokens.{0,40}(exceed|reduce)|exceed.{0,40}(context|maximum)|reduce the length/i;

/** A failure of the `openai` package, of the connection or of the server, as what the person can do about it. */
export function policyError(error: unknown, asked: Asked): PolicyError {
  if (error instanceof PolicyError) return error;
  const { host } = asked;
  if (error instanceof SyntaxError) {
    return new PolicyError(
      "bad-response",
      `${host} sent an event that is no JSON; check that it is an OpenAI-compatible server.`,
    );
  }
  if (error instanceof APIError && error.status !== undefined) return statusError(error, error.status, asked);
  if (error instanceof APIError && !(error instanceof APIConnectionError)) {
    const detail = quoted(error.message, asked.key);
    if (tooLong.test(error.message)) return tooLongError(asked, detail);
    return new PolicyError(
      "unavailable",
      `${host} failed in the middle of its answer${detail}; ask again or choose another model.`,
    );
  }
  const code = errorCode(error);
  const why = code ? ` (${code})` : "";
  if (asked.started || !(error instanceof APIConnectionError)) {
    return new PolicyError(
      "unavailable",
      `The connection to ${host} broke off in the middle of an answer${why}; ask again.`,
    );
  }
  return new PolicyError("unavailable", `${host} cannot be reached${why}; start the server or check its address.`);
}

function statusError(error: APIError, status: number, asked: Asked): PolicyError {
  const { host, model, key } = asked;
  const words = (error.error as { message?: string } | undefined)?.message ?? "";
  const detail = quoted(words, key);
  // A server's words about a refused key may hold a part of it.
  if (status === 401 || status === 403) {
    const what = key ? `${host} refused the key (${status})` : `${host} wants a key (${status})`;
    return new PolicyError(
      "unauthorised",
      `${what}; store the right one with "Searchlight: Set API Key" or in SEARCHLIGHT_API_KEY.`,
    );
  }
  if (tooLong.test(words) || status === 413) return tooLongError(asked, detail);
  if (status === 429)
    return new PolicyError(
      "rate-limited",
      `${host} takes no more requests for the moment${detail}; wait, or choose another model.`,
    );
  if (status === 404 || status === 405) {
    return new PolicyError(
      "unavailable",
      `${host} does not offer the model ${model}${detail}; choose one that it lists, or check the address.`,
    );
  }
  if (status >= 500 || status === 408) {
    return new PolicyError(
      "unavailable",
      `${host} failed with status ${status}${detail}; try again, or look at the server's log.`,
    );
  }
  if (status >= 300 && status < 400) {
    return new PolicyError(
      "unavailable",
      `${host} sends its callers to another address (${status}); write that address into the policy.`,
    );
  }
  if (/content.?(filter|policy|management)/i.test(`${error.code ?? ""} ${words}`)) {
    return new PolicyError(
      "refused",
      `${host} refused to answer this${detail}; put the question differently or choose another model.`,
    );
  }
  return new PolicyError(
    "bad-response",
    `${host} did not accept the request (${status})${detail}; check the model and the profile's sampling.`,
  );
}

function tooLongError({ host, model }: Asked, detail: string): PolicyError {
  return new PolicyError(
    "too-long",
    `The text is too long for ${model} at ${host}${detail}; give the server a larger context or choose another model.`,
  );
}

/** A server's own words in one short line, without the key. They are data of a stranger. */
function quoted(words: string, key: string | undefined): string {
  const clean = (key ? words.replaceAll(key, "…") : words)
    .replace(/Bearer\s+\S+/gi, "Bearer …")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .replace(/[.;]+$/, "");
  if (clean === "") return "";
  return ` (it says: ${clean.length > 200 ? `${clean.slice(0, 200)}…` : clean})`;
}

/** The system's word for a failed connection, from wherever in the chain of causes it stands. */
function errorCode(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[A-Z_]+$/.test(code)) return code;
  }
  return undefined;
}
