import { backOff, type Dispatcher, httpFetch, readUpTo } from "../../models/http.ts";
import { EngineError, type EngineErrorKind } from "../engine.ts";

/** Where an engine answers, and how patient a caller is with it. */
export interface ConnectionOptions {
  /** Base address, without `/api/v1`. */
  url: string;
  /** Sent as a bearer token to the proxy before the engine. */
  token?: string;
  /** How long a connection that breaks is tried again. */
  patienceSeconds?: number;
  dispatcher?: Dispatcher;
}

/** What a server answered: JSON, or the bytes of a protobuf message or an archive. */
export type Answer = { kind: "json"; value: unknown } | { kind: "bytes"; bytes: Uint8Array };

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  /** Path from the base address on. */
  path: string;
  /** Sent as JSON; bytes are sent as protobuf. */
  body?: unknown;
  signal: AbortSignal;
  /** Seconds for one try. */
  seconds?: number;
  /**
   * `always`: the call may run twice. `unsent`: it is tried again only where the connection was refused or the server said that it is
   * busy, so that it has not run. `never`.
   */
  retry: "always" | "unsent" | "never";
  /** Another address as the answer is thrown as `Redirect`; without it, it is a failure. */
  redirects?: true;
}

/** An error status, with what the server says. */
export class EngineStatus extends EngineError {
  readonly status: number;
  constructor(kind: EngineErrorKind, status: number, message: string) {
    super(kind, message);
    this.status = status;
  }
}

const mostBytes = 2 ** 30;
const mostDetail = 300;

/** One engine's HTTP interface: tokens, retries, and errors as `EngineError`. Holds no state but its address. */
export class EngineConnection {
  readonly host: string;
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #patience: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor({ url, token, patienceSeconds = 30, dispatcher }: ConnectionOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new EngineError(
        "invalid",
        `The engine's address ${url} is no http or https address; write http://HOST:PORT.`,
      );
    const parsed = new URL(url);
    if (parsed.username || parsed.password || parsed.search || parsed.hash)
      throw new EngineError("invalid", "The engine's address holds more than host and path; give the token by itself.");
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new EngineError("unauthorised", "The engine's token holds spaces or characters that no token has.");
    this.#base = `${parsed.origin}${parsed.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "")}`;
    this.host = parsed.host;
    this.#token = token;
    this.#patience = patienceSeconds * 1000;
    this.#fetch = httpFetch(dispatcher);
  }

  /** Calls `/api/v1` and answers JSON. */
  async json(path: string, body: unknown, options: Omit<Call, "path" | "body">): Promise<unknown> {
    const answer = await this.call({ ...options, path: `/api/v1${path}`, body });
    if (answer.kind === "json") return answer.value;
    throw new EngineError("bad-response", `${this.host} answered ${path} with something that is no JSON.`);
  }

  /** @throws EngineStatus, EngineError */
  async call(call: Call): Promise<Answer> {
    let brokenAt: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(call);
      } catch (error) {
        if (call.signal.aborted) throw cancelled(call.signal);
        brokenAt ??= performance.now();
        if (!mayRetry(error, call.retry, attempt) || performance.now() - brokenAt >= this.#patience)
          throw this.#named(error, call);
        const after = error instanceof Busy ? error.seconds : undefined;
        await pause(Math.min(30, after ?? backOff(Math.min(attempt, 5))) * 1000, call.signal);
      }
    }
  }

  async #once({ method, path, body, signal, seconds = 60 }: Call): Promise<Answer> {
    const limit = AbortSignal.timeout(seconds * 1000);
    const headers: Record<string, string> = {
      ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      ...(body instanceof Uint8Array ? { "content-type": "application/x-protobuf" } : {}),
      ...(body !== undefined && !(body instanceof Uint8Array) ? { "content-type": "application/json" } : {}),
      accept: "application/x-protobuf, application/json",
    };
    const sent = body === undefined ? undefined : body instanceof Uint8Array ? body : JSON.stringify(body);
    try {
      const response = await this.#fetch(`${this.#base}${path}`, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers,
        signal: AbortSignal.any([signal, limit]),
        // A redirect leads from an archive's name to its bytes on the same server; the token goes no further.
        redirect: "manual",
        ...(sent === undefined ? {} : { body: sent as BodyInit }),
      });
      return await this.#read(response, path);
    } catch (error) {
      if (error instanceof EngineError || error instanceof Busy || signal.aborted) throw error;
      if (limit.aborted) throw new TryTimeout();
      throw error;
    }
  }

  async #read(response: Response, path: string): Promise<Answer> {
    const { bytes, cut } = await readUpTo(response, mostBytes);
    if (cut) throw new EngineError("bad-response", `${this.host} answered ${path} with more than 1 GiB.`);
    const type = response.headers.get("content-type") ?? "";
    if (response.ok) {
      if (/protobuf|octet-stream|gzip/.test(type)) return { kind: "bytes", bytes };
      if (bytes.length === 0) return { kind: "json", value: null };
      return { kind: "json", value: parseJson(bytes, this.host, path) };
    }
    const { status } = response;
    if (status >= 300 && status < 400) throw new Redirect(response.headers.get("location") ?? "");
    const detail = detailOf(bytes);
    if (status === 429 || status === 503) {
      const wait = Number(response.headers.get("retry-after"));
      throw new Busy(status, detail, Number.isFinite(wait) && wait > 0 ? wait : undefined);
    }
    throw new EngineStatus(kindOf(status, detail), status, this.#sentence(status, detail));
  }

  #sentence(status: number, detail: string): string {
    if (status === 401 || status === 403)
      return `${this.host} wants another token (status ${status}); set the one that its proxy was started with.`;
    return `${this.host} answered ${status}${detail ? `: ${detail}` : ""}.`.replace(/\.\.$/, ".");
  }

  #named(error: unknown, { path, redirects }: Call): unknown {
    if (error instanceof Redirect && !redirects) {
      const origin = URL.parse(error.location)?.origin;
      const where = origin === undefined || origin === "null" ? "another address" : origin;
      return new EngineError("invalid", `${this.host} leads ${path} to ${where}; name the engine by that address.`);
    }
    if (error instanceof Busy)
      return new EngineStatus("rejected", error.status, this.#sentence(error.status, error.detail));
    if (error instanceof TryTimeout)
      return new EngineError("timeout", `${this.host} did not answer ${path} in time; look at the engine's log.`);
    if (error instanceof EngineError || error instanceof Redirect) return error;
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    const what = cause?.code ?? cause?.message;
    return new EngineError(
      "unreachable",
      `${this.host} cannot be reached${what ? ` (${what})` : ""}; start the engine or check its address.`,
      { cause: error },
    );
  }
}

/** The server answered with another address. */
export class Redirect extends Error {
  readonly location: string;
  constructor(location: string) {
    super("redirected");
    this.location = location;
  }
}

/** The server has not taken the call and may take it later. */
class Busy extends Error {
  readonly status: number;
  readonly detail: string;
  readonly seconds: number | undefined;
  constructor(status: number, detail: string, seconds: number | undefined) {
    super(`status ${status}`);
    this.status = status;
    this.detail = detail;
    this.seconds = seconds;
  }
}

/** One try took too long. */
class TryTimeout extends Error {}

function mayRetry(error: unknown, retry: Call["retry"], attempt: number): boolean {
  if (retry === "never" || error instanceof Redirect || error instanceof TryTimeout) return false;
  if (error instanceof Busy) return true;
  // A proxy's 502 and 504 pass when the engine is back; a 500 is mostly meant, so it gets few tries.
  if (error instanceof EngineStatus)
    return retry === "always" && (error.status > 500 || (error.status === 500 && attempt <= 2));
  if (error instanceof EngineError) return false;
  return retry === "always" || neverSent(error);
}

/** Whether the connection was not made at all, so that the server cannot have seen the call. */
export function neverSent(error: unknown): boolean {
  const inner = error instanceof EngineError ? error.cause : error;
  const cause = inner instanceof Error ? (inner.cause as NodeJS.ErrnoException | undefined) : undefined;
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"].includes(
    cause?.code ?? "",
  );
}

function kindOf(status: number, detail: string): EngineErrorKind {
  if (status === 401 || status === 403) return "unauthorised";
  if (/not loaded|session not found|session .*expired/i.test(detail)) return "lost";
  if (status === 404) return "unknown-model";
  if (status === 400 && /checkpoint.*not found/i.test(detail)) return "unknown-model";
  if (status === 415 || status === 501) return "unsupported";
  return "rejected";
}

/** What an error body says, as one short line: FastAPI's `detail`, or `error` of other servers. */
export function detailOf(body: unknown): string {
  let value: unknown = body;
  if (body instanceof Uint8Array) {
    const text = new TextDecoder().decode(body.subarray(0, 4096));
    try {
      value = JSON.parse(text);
    } catch {
      value = { detail: text };
    }
  }
  const field =
    typeof value === "object" && value
      ? ((value as Record<string, unknown>)["detail"] ?? (value as Record<string, unknown>)["error"])
      : undefined;
  const said = typeof field === "string" ? field : field === undefined ? "" : JSON.stringify(field);
  // eslint-disable-next-line no-control-regex
  return said
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
    .trim()
    .slice(0, mostDetail);
}

function parseJson(bytes: Uint8Array, host: string, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new EngineError("bad-response", `${host} answered ${path} with something that is no JSON.`);
  }
}

export function cancelled(signal: AbortSignal): EngineError {
  return new EngineError("cancelled", "The call to the engine was cancelled.", { cause: signal.reason });
}

/** Waits, or throws `EngineError` of kind "cancelled". */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled(signal));
    const stop = (): void => {
      clearTimeout(timer);
      reject(cancelled(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
