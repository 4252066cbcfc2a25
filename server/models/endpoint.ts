import { PolicyError } from "./policy.ts";

/** An OpenAI-compatible server, by its address. */
export interface Endpoint {
  /** As the person wrote it, without slashes at its end; the name its key is stored under. */
  readonly written: string;
  /** What `/completions` and `/chat/completions` are put behind. */
  readonly base: string;
  /** Host and port, as messages name it. */
  readonly host: string;
}

export type ParsedEndpoint = { ok: true; endpoint: Endpoint } | { ok: false; reason: string };

/**
 * Reads an endpoint's address. `/v1` is added where the path names no version; a pasted `/chat/completions` is cut off.
 * Passwords and queries are refused: policy ids are stored with every trajectory.
 */
export function parseEndpoint(written: string): ParsedEndpoint {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return { ok: false, reason: "its address is no http or https address, such as http://localhost:8000/v1" };
  }
  if (url.username || url.password || url.search || url.hash) {
    return {
      ok: false,
      reason: "its address holds more than host and path; keys belong into SEARCHLIGHT_API_KEY or the editor's secrets",
    };
  }
  const path = url.pathname.replace(/\/+$/, "").replace(/(\/chat)?\/completions$/, "");
  const versioned = path.split("/").some((part) => /^v\d/.test(part)) ? path : `${path}/v1`;
  return {
    ok: true,
    endpoint: { written: written.replace(/\/+$/, ""), base: `${url.origin}${versioned}`, host: url.host },
  };
}

/** Asks the editor's secret storage for the key of an endpoint. */
export type KeySource = (endpoint: string) => Promise<string | undefined>;

/**
 * The key for an endpoint: from the editor's secrets under either spelling of the address, else `SEARCHLIGHT_API_KEY`, else
 * for OpenAI's own address `OPENAI_API_KEY`. Throws `PolicyError` for a key that no header can carry, since the HTTP library would
 * print it in its own error.
 */
export async function endpointKey(
  endpoint: Endpoint,
  stored?: KeySource,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  let key = await stored?.(endpoint.written);
  if (!key && endpoint.base !== endpoint.written) key = await stored?.(endpoint.base);
  key ||= env["SEARCHLIGHT_API_KEY"];
  if (!key && endpoint.base.startsWith("https://api.openai.com/")) key = env["OPENAI_API_KEY"];
  const trimmed = key?.trim();
  if (!trimmed) return undefined;
  if (!/^[\x21-\x7e]+$/.test(trimmed)) {
    throw new PolicyError(
      "unauthorised",
      `The key for ${endpoint.host} holds spaces or characters that no key has; store it again.`,
    );
  }
  return trimmed;
}
