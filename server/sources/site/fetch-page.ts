import { HttpFault, readUpTo } from "../../models/http.ts";
import { MovedInside } from "./site-fetch.ts";
import { type SitePrefix, within } from "./site-prefix.ts";

/** What a request for a page came to. */
export type FetchedPage =
  | {
      kind: "page";
      address: string;
      type: string;
      bytes: Uint8Array;
      etag?: string;
      modified?: string;
      directives: string;
    }
  /** The page is what it was when it was fetched before. */
  | { kind: "unchanged" }
  /** The page will not be kept, whenever it is asked for. */
  | { kind: "refused"; reason: string }
  /** The site did not give it now: it may later. */
  | { kind: "failed"; reason: string; waitSeconds?: number };

export interface PageRequest {
  prefix: SitePrefix;
  address: string;
  fetch: typeof globalThis.fetch;
  headers: Record<string, string>;
  /** What the site said of the page when it was kept; sent so that an unchanged page is not sent again. */
  known?: { etag?: string | undefined; modified?: string | undefined };
  /** Asked of every address that a redirect leads to. */
  allows(address: string): boolean;
  signal: AbortSignal;
  limits?: Partial<typeof pageLimits>;
}

export const pageLimits = { seconds: 20, bytes: 4 * 2 ** 20, pdfSeconds: 120, pdfBytes: 32 * 2 ** 20, redirects: 5 };

const readable = /^(?:text\/(?:html|plain|markdown)|application\/(?:xhtml\+xml|pdf))\b/i;
export const isPdf = (type: string): boolean => /^application\/pdf\b/i.test(type);

/**
 * Fetches one page. Redirects are followed by hand, inside the prefix and the site's rules alone. Rejects only when the signal fires.
 */
export async function fetchPage(request: PageRequest): Promise<FetchedPage> {
  const limits = { ...pageLimits, ...request.limits };
  const { fetch, known, headers, prefix } = request;
  const time = new TimeLimit(limits.seconds);
  const signal = AbortSignal.any([request.signal, time.signal]);
  const conditions = {
    ...(known?.etag ? { "if-none-match": known.etag } : {}),
    ...(known?.modified ? { "if-modified-since": known.modified } : {}),
  };
  let address = request.address;
  try {
    for (let hop = 0; hop <= limits.redirects; hop++) {
      const response = await fetch(address, {
        signal,
        redirect: "manual",
        headers: {
          ...headers,
          accept: "text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8, application/pdf;q=0.7",
          ...conditions,
        },
      });
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && response.status !== 304 && location) {
        await response.body?.cancel();
        const next = within(prefix, location, address);
        if (!next) return { kind: "refused", reason: `it leads out of the site, to ${shown(location, address)}` };
        if (!request.allows(next))
          return { kind: "refused", reason: "it leads to where robots.txt lets nothing be fetched" };
        address = next;
        continue;
      }
      const isBook = isPdf(response.headers.get("content-type") ?? "");
      if (isBook) time.extend(limits.pdfSeconds);
      return await read(response, address, isBook ? limits.pdfBytes : limits.bytes);
    }
    return { kind: "refused", reason: "it redirects too often" };
  } catch (error) {
    request.signal.throwIfAborted();
    if (time.signal.aborted) return { kind: "failed", reason: `it took longer than ${time.seconds} s` };
    return { kind: "failed", reason: reasonOf(error) };
  } finally {
    time.end();
  }
}

/** A limit that can be extended once it is known what comes. */
class TimeLimit {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  #timer: NodeJS.Timeout | undefined;
  seconds = 0;

  constructor(seconds: number) {
    this.extend(seconds);
  }

  extend(seconds: number): void {
    clearTimeout(this.#timer);
    this.seconds = seconds;
    this.#timer = setTimeout(() => this.#controller.abort(), seconds * 1000);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function read(response: Response, address: string, mostBytes: number): Promise<FetchedPage> {
  const { status, headers } = response;
  if (status !== 200) await response.body?.cancel();
  if (status === 304) return { kind: "unchanged" };
  if (status === 429 || status >= 500) {
    const wait = Number(headers.get("retry-after"));
    return {
      kind: "failed",
      reason: `the site answered ${status}`,
      ...(Number.isFinite(wait) && wait > 0 ? { waitSeconds: wait } : {}),
    };
  }
  if (status !== 200) return { kind: "refused", reason: `the site answered ${status}` };
  const type = headers.get("content-type") ?? "text/html";
  if (!readable.test(type)) {
    await response.body?.cancel();
    return { kind: "refused", reason: `it is ${type.split(";")[0]!.trim().slice(0, 60)}, no page of text` };
  }
  const { bytes, cut } = await readUpTo(response, mostBytes);
  // A page that is cut would be cited as if it were whole.
  if (cut) return { kind: "refused", reason: `it is larger than ${Math.round(mostBytes / 2 ** 20)} MiB` };
  const etag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    kind: "page",
    address,
    type,
    bytes,
    directives: headers.get("x-robots-tag") ?? "",
    ...(etag ? { etag } : {}),
    ...(modified ? { modified } : {}),
  };
}

function shown(location: string, base: string): string {
  return (URL.canParse(location, base) ? new URL(location, base).href : location).slice(0, 200);
}

function reasonOf(error: unknown): string {
  if (error instanceof HttpFault) return error.message;
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  if (cause instanceof MovedInside) return cause.message;
  return `it cannot be reached${cause?.code ? ` (${cause.code})` : ""}`;
}
