import { createHash } from "node:crypto";
import type { Hit } from "../../protocol/passage.ts";
import { type Dispatcher, postJson } from "../models/http.ts";
import { type Turnstile, noLimit } from "./rate-limit.ts";
import { allFailed, cancelled, requestError } from "./retrieval-error.ts";
import type { RetrievalError, Retriever, SearchOutcome } from "./retriever.ts";
import type { WireDocument, WireForm } from "./wire/wire-form.ts";

export interface RemoteOptions {
  /** Sent as a bearer token. */
  key?: () => Promise<string | undefined>;
  /** Time for one try. */
  seconds?: number;
  /** Further tries after a failure that may pass. */
  retries?: number;
  turnstile?: Turnstile;
  maxBytes?: number;
  dispatcher?: Dispatcher;
}

const defaults = { seconds: 30, retries: 2, maxBytes: 64 * 2 ** 20 };

/**
 * A retrieval server at an address. All queries of a call travel in one request; whatever is wrong with the reply fails
 * all of them, since nothing says which document belongs to which query.
 */
export function remoteRetriever(form: WireForm, url: string, options: RemoteOptions = {}): Retriever {
  const base = url.replace(/\/+$/, "");
  const id = `${form.name}:${base}`;
  const { host } = new URL(base);

  async function ask(
    queries: readonly string[],
    k: number,
    signal: AbortSignal,
  ): Promise<WireDocument[][] | RetrievalError> {
    let reply: unknown;
    try {
      await (options.turnstile ?? noLimit)(signal);
      const key = await options.key?.();
      reply = await postJson(base + form.path, form.body(queries, k), {
        signal,
        seconds: options.seconds ?? defaults.seconds,
        retries: options.retries ?? defaults.retries,
        maxBytes: options.maxBytes ?? defaults.maxBytes,
        redirect: "error",
        ...(key ? { key } : {}),
        ...(options.dispatcher ? { dispatcher: options.dispatcher } : {}),
      });
    } catch (error) {
      return requestError(error, host, signal);
    }
    const lists = form.read(reply);
    if (!lists)
      return {
        kind: "bad-response",
        message: `${host} answered in another form than ${form.name}; check its address.`,
      };
    if (lists.length !== queries.length) {
      const counts = `${lists.length} result lists for ${queries.length} queries`;
      return { kind: "bad-response", message: `${host} answered ${counts}; none of them can be used.` };
    }
    return lists;
  }

  return {
    id,
    folders: [],
    coverage: () => undefined,
    async search(queries, k, signal) {
      if (signal.aborted) return allFailed(queries, cancelled);
      const started = performance.now();
      const sent = form.takesBlank ? queries : queries.filter((query) => query.trim() !== "");
      const lists = sent.length === 0 ? [] : await ask(sent, k, signal);
      if (!Array.isArray(lists)) return allFailed(queries, lists);
      const seconds = (performance.now() - started) / 1000;
      let next = 0;
      return queries.map((query): SearchOutcome => {
        const blank = !form.takesBlank && query.trim() === "";
        const documents = blank ? [] : lists[next++]!;
        return { ok: true, hits: hitsOf(documents.slice(0, k), form.name), seconds, cached: false };
      });
    },
  };
}

/** Documents in the server's order. A server that gives no scores is scored by rank. */
function hitsOf(documents: readonly WireDocument[], form: string): Hit[] {
  return documents.map(({ id, title, text, score }, index) => ({
    passage: { id: id ? `${form}:${id}` : `${form}:${digest(title, text)}`, title, text },
    rank: index + 1,
    score: score ?? 1 / (index + 1),
    matched: [],
  }));
}

function digest(title: string, text: string): string {
  return createHash("sha256").update(`${title}\0${text}`).digest("hex").slice(0, 16);
}
