import { EnvHttpProxyAgent, fetch as undiciFetch } from "undici";

/** An endpoint answered with an error status. The message names status and address, never a key. */
export class HttpError extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface HttpOptions {
  signal: AbortSignal;
  /** Sent as a bearer token. */
  key?: string;
  headers?: Record<string, string>;
  /** Time for the whole answer. */
  seconds?: number;
  /** Further tries after a refusal that may pass (429, 5xx) or a broken connection. */
  retries?: number;
}

export type Dispatcher = EnvHttpProxyAgent;

/** A proxy cannot reach this machine's own servers, whatever the environment forgets to say. */
const loopback = ["localhost", "127.0.0.1", "::1"];

const ways = new Map<string, Dispatcher>();

/**
 * The way out: a proxy from the settings, else the one of the environment (`HTTPS_PROXY`), else none. Hosts in `NO_PROXY` and
 * this machine are reached without one. One dispatcher per proxy, since each keeps its own connections.
 */
export function dispatcherFor(proxy = ""): Dispatcher {
  const known = ways.get(proxy);
  if (known) return known;
  const noProxy = [process.env["no_proxy"] ?? process.env["NO_PROXY"] ?? "", ...loopback].filter(Boolean).join(",");
  const way = new EnvHttpProxyAgent({ noProxy, ...(proxy ? { httpProxy: proxy, httpsProxy: proxy } : {}) });
  ways.set(proxy, way);
  return way;
}

/** The one place where addresses are fetched. undici's own fetch, since a dispatcher must be of the same copy. */
export function httpFetch(dispatcher?: Dispatcher): typeof globalThis.fetch {
  const way = dispatcher ?? dispatcherFor();
  return ((input: string | URL, init: object = {}) =>
    undiciFetch(input, { ...init, dispatcher: way })) as unknown as typeof globalThis.fetch;
}

/** Posts JSON and reads JSON. Rejects with `HttpError` for an error status, with one sentence for everything else. */
export function postJson(url: string, body: unknown, options: HttpOptions): Promise<unknown> {
  return withRetries(options, async (signal) => {
    const headers = {
      "content-type": "application/json",
      ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
      ...options.headers,
    };
    return readJson(url, await httpFetch()(url, { method: "POST", headers, body: JSON.stringify(body), signal }));
  });
}

export function getJson(url: string, options: HttpOptions): Promise<unknown> {
  return withRetries(options, async (signal) => {
    const headers = { ...(options.key ? { authorization: `Bearer ${options.key}` } : {}), ...options.headers };
    return readJson(url, await httpFetch()(url, { headers, signal }));
  });
}

async function readJson(url: string, response: Response): Promise<unknown> {
  const where = new URL(url).host;
  const text = await response.text();
  if (!response.ok) {
    const wait = Number(response.headers.get("retry-after"));
    throw new HttpError(
      response.status,
      `${where} answered ${response.status} ${response.statusText}`.trim() + ".",
      Number.isFinite(wait) && wait > 0 ? wait : undefined,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${where} answered with something that is no JSON.`);
  }
}

async function withRetries<T>(options: HttpOptions, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const tries = 1 + (options.retries ?? 2);
  for (let attempt = 1; ; attempt++) {
    const limit = AbortSignal.timeout((options.seconds ?? 60) * 1000);
    try {
      return await call(AbortSignal.any([options.signal, limit]));
    } catch (error) {
      options.signal.throwIfAborted();
      const passing = error instanceof HttpError ? error.status === 429 || error.status >= 500 : !limit.aborted;
      if (attempt >= tries || !passing)
        throw limit.aborted ? new Error(`No answer within ${options.seconds ?? 60} s.`) : connectionError(error);
      const wait = error instanceof HttpError ? error.retryAfterSeconds : undefined;
      await pause(Math.min(30, wait ?? backOff(attempt)) * 1000, options.signal);
    }
  }
}

/** Seconds before the next try: doubling, with jitter so that many callers do not come back at once. */
export function backOff(attempt: number, random = Math.random()): number {
  return 0.5 * 2 ** (attempt - 1) * (0.5 + random);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

/** undici says "fetch failed" and keeps what failed in the cause. */
function connectionError(error: unknown): unknown {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code ? new Error(`The connection failed (${cause.code}).`, { cause: error }) : error;
}
