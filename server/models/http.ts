import type { LookupFunction } from "node:net";
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

export type HttpFaultKind = "timeout" | "connection" | "not-json" | "too-large";

/** A request that came to no usable answer. The message is one sentence that names the host, never a key. */
export class HttpFault extends Error {
  readonly kind: HttpFaultKind;
  constructor(kind: HttpFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HttpFault";
    this.kind = kind;
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
  /** Largest answer that is read. */
  maxBytes?: number;
  /** `error` where a header holds a key that a redirect would carry to another host. */
  redirect?: "follow" | "error";
  dispatcher?: Dispatcher;
}

const defaultMaxBytes = 256 * 2 ** 20;

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
  const way = openWay(proxy);
  ways.set(proxy, way);
  return way;
}

/** The same way out with a look-up of its own for the connections that this process makes itself: it can refuse a host. */
export function guardedDispatcher(lookup: LookupFunction, proxy = ""): Dispatcher {
  return openWay(proxy, lookup);
}

/** Whether requests to other machines go through a proxy, which then resolves their names. */
export function hasProxy(proxy = ""): boolean {
  return proxy !== "" || ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].some((name) => process.env[name]);
}

function openWay(proxy: string, lookup?: LookupFunction): Dispatcher {
  const noProxy = [process.env["no_proxy"] ?? process.env["NO_PROXY"] ?? "", ...loopback].filter(Boolean).join(",");
  return new EnvHttpProxyAgent({
    noProxy,
    ...(proxy ? { httpProxy: proxy, httpsProxy: proxy } : {}),
    ...(lookup ? { connect: { lookup } } : {}),
  });
}

/** The one place where addresses are fetched. undici's own fetch, since a dispatcher must be of the same copy. */
export function httpFetch(dispatcher?: Dispatcher): typeof globalThis.fetch {
  const way = dispatcher ?? dispatcherFor();
  return ((input: string | URL, init: object = {}) =>
    undiciFetch(input, { ...init, dispatcher: way })) as unknown as typeof globalThis.fetch;
}

/** Posts JSON and reads JSON. Rejects with `HttpError` for an error status, with `HttpFault` for every other failure. */
export function postJson(url: string, body: unknown, options: HttpOptions): Promise<unknown> {
  return withRetries(options, async (signal) => {
    const headers = {
      "content-type": "application/json",
      ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
      ...options.headers,
    };
    const init = {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal,
      redirect: options.redirect ?? "follow",
    };
    return readJson(url, await httpFetch(options.dispatcher)(url, init), options);
  });
}

export function getJson(url: string, options: HttpOptions): Promise<unknown> {
  return withRetries(options, async (signal) => {
    const headers = { ...(options.key ? { authorization: `Bearer ${options.key}` } : {}), ...options.headers };
    const init = { headers, signal, redirect: options.redirect ?? "follow" };
    return readJson(url, await httpFetch(options.dispatcher)(url, init), options);
  });
}

async function readJson(
  url: string,
  response: Response,
  { maxBytes = defaultMaxBytes }: HttpOptions,
): Promise<unknown> {
  const where = new URL(url).host;
  if (!response.ok) {
    await response.body?.cancel();
    const wait = Number(response.headers.get("retry-after"));
    throw new HttpError(
      response.status,
      `${where} answered ${response.status} ${response.statusText}`.trim() + ".",
      Number.isFinite(wait) && wait > 0 ? wait : undefined,
    );
  }
  const { bytes, cut } = await readUpTo(response, maxBytes);
  if (cut) throw new HttpFault("too-large", `${where} answered with more than ${Math.ceil(maxBytes / 2 ** 20)} MiB.`);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new HttpFault("not-json", `${where} answered with something that is no JSON.`);
  }
}

/** The first `limit` bytes of a body; what follows is not waited for. */
export async function readUpTo(response: Response, limit: number): Promise<{ bytes: Uint8Array; cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).byteLength;
    if (size > limit) break;
  }
  const bytes = Buffer.concat(chunks);
  return { bytes: bytes.subarray(0, limit), cut: size > limit };
}

async function withRetries<T>(options: HttpOptions, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const tries = 1 + (options.retries ?? 2);
  for (let attempt = 1; ; attempt++) {
    const limit = AbortSignal.timeout((options.seconds ?? 60) * 1000);
    try {
      return await call(AbortSignal.any([options.signal, limit]));
    } catch (error) {
      options.signal.throwIfAborted();
      const passing =
        error instanceof HttpError
          ? error.status === 429 || error.status >= 500
          : !limit.aborted && !(error instanceof HttpFault);
      if (attempt >= tries || !passing) {
        throw limit.aborted
          ? new HttpFault("timeout", `No answer within ${options.seconds ?? 60} s.`)
          : connectionError(error);
      }
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
  if (error instanceof HttpError || error instanceof HttpFault) return error;
  const detail = cause?.code ?? cause?.message;
  return new HttpFault("connection", `The connection failed${detail ? ` (${detail})` : ""}.`, { cause: error });
}
