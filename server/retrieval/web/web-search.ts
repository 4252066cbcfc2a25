import type { Hit } from "../../../protocol/passage.ts";
import { type Dispatcher, getJson, postJson } from "../../models/http.ts";
import { PolicyError } from "../../models/policy.ts";
import { concurrently } from "../concurrently.ts";
import { type Turnstile, noLimit } from "../rate-limit.ts";
import { allFailed, cancelled, requestError } from "../retrieval-error.ts";
import type { RetrievalError, Retriever, SearchOutcome } from "../retriever.ts";
import type { WebProvider, WebResult } from "./provider.ts";
import type { ReadPage } from "./read-page.ts";
import { type Summarise, isNone, saysNone } from "./summarise.ts";

export interface WebOptions {
  /** The provider's address, where it is not its own. */
  base?: string;
  key?: () => Promise<string | undefined>;
  /** Only pages of this host. */
  site?: string;
  /** Each query's answer is then one document: what a policy wrote of the first page that says something. */
  summary?: { id: string; summarise: Summarise; readPage: ReadPage };
  seconds?: number;
  retries?: number;
  turnstile?: Turnstile;
  dispatcher?: Dispatcher;
}

const defaults = { seconds: 20, retries: 2, maxBytes: 8 * 2 ** 20 };
/** Requests to a provider at the same time. */
const atOnce = 4;
/** Pages that are read for one query. */
const pagesPerQuery = 3;
/** What of a page is summarised, in UTF-16 units. */
const pageLimit = 35_000;

/** Web search by a provider's API. One request a query: no provider takes several. */
export function webRetriever(provider: WebProvider, options: WebOptions = {}): Retriever {
  const base = (options.base ?? provider.base ?? "").replace(/\/+$/, "");
  const slot = concurrently(atOnce);

  async function results(query: string, count: number, signal: AbortSignal): Promise<WebResult[] | RetrievalError> {
    try {
      await (options.turnstile ?? noLimit)(signal);
      const key = await options.key?.();
      if (provider.keyName && !key) {
        return { kind: "unavailable", message: `${provider.label} needs a key; put it into ${provider.keyName}.` };
      }
      const site = options.site ? { site: options.site } : {};
      const { url, headers, body } = provider.request({ query, count, ...site }, base, key ?? "");
      const http = {
        signal,
        headers,
        seconds: options.seconds ?? defaults.seconds,
        retries: options.retries ?? defaults.retries,
        maxBytes: defaults.maxBytes,
        // A header with a key in it must not follow a redirect to another host.
        redirect: "error" as const,
        ...(options.dispatcher ? { dispatcher: options.dispatcher } : {}),
      };
      const found = provider.read(body ? await postJson(url, body, http) : await getJson(url, http));
      if (found) return found.slice(0, count);
      return {
        kind: "bad-response",
        message: `${provider.label} answered in a form that is not its own; check its address.`,
      };
    } catch (error) {
      return requestError(error, provider.label, signal);
    }
  }

  async function search(query: string, k: number, signal: AbortSignal): Promise<SearchOutcome> {
    if (signal.aborted) return { ok: false, error: cancelled };
    const started = performance.now();
    const { summary } = options;
    const found = await results(query, summary ? pagesPerQuery : k, signal);
    if (!Array.isArray(found)) return { ok: false, error: found };
    try {
      const hits = summary ? await summarised(query, found, summary, signal) : found.map(snippetHit);
      return { ok: true, hits, seconds: (performance.now() - started) / 1000, cached: false };
    } catch (error) {
      if (signal.aborted) return { ok: false, error: cancelled };
      if (!(error instanceof PolicyError)) throw error;
      return {
        ok: false,
        error: { kind: "unavailable", message: `The page could not be summarised: ${error.message}` },
      };
    }
  }

  return {
    id: identity(provider, options),
    folders: [],
    coverage: () => undefined,
    search: (queries, k, signal) =>
      signal.aborted
        ? Promise.resolve(allFailed(queries, cancelled))
        : Promise.all(queries.map((query) => slot(() => search(query, k, signal)))),
  };
}

/** Everything that changes what a query finds, so that two retrievers with one id may share a cache. */
function identity(provider: WebProvider, { base, site, summary }: WebOptions): string {
  return [
    `web:${provider.name}${base ? `@${base.replace(/\/+$/, "")}` : ""}`,
    site && `site:${site}`,
    summary && `summary:${summary.id}`,
  ]
    .filter(Boolean)
    .join(" ");
}

function snippetHit(result: WebResult, index: number): Hit {
  return hitOf(result, result.snippet, index);
}

function hitOf({ url, title }: WebResult, text: string, index: number): Hit {
  return { passage: { id: url, title, text }, rank: index + 1, score: 1 / (index + 1), matched: [] };
}

/**
 * The pages are read in order until one has something to say; where none has, the last summary stands, as in the
 * reference. A page that cannot be read is judged by its snippet.
 */
async function summarised(
  query: string,
  results: readonly WebResult[],
  { summarise, readPage }: NonNullable<WebOptions["summary"]>,
  signal: AbortSignal,
): Promise<Hit[]> {
  let last: Hit | undefined;
  for (const result of results) {
    const page = await readPage(result.url, signal);
    signal.throwIfAborted();
    const text = page.ok && page.text !== "" ? page.text : result.snippet;
    if (text === "") continue;
    const summary = await summarise(query, text.slice(0, pageLimit), signal);
    last = isNone(summary) ? undefined : hitOf(result, summary, 0);
    if (last && !saysNone(summary)) break;
  }
  return last ? [last] : [];
}
