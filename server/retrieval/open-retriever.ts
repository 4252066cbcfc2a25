import { join } from "node:path";
import { dispatcherFor } from "../models/http.ts";
import { type Policy, PolicyError } from "../models/policy.ts";
import { budgeted } from "./budget.ts";
import { cached } from "./cache.ts";
import { deduplicated } from "./deduplicate.ts";
import { rateLimit } from "./rate-limit.ts";
import { RecordingError, recorded, replayed } from "./recording.ts";
import { remoteRetriever } from "./remote.ts";
import { type RetrieverSpec, parseRetriever } from "./retriever-spec.ts";
import type { Retriever } from "./retriever.ts";
import { pageReader } from "./web/read-page.ts";
import { policySummariser } from "./web/summarise.ts";
import { type WebOptions, webRetriever } from "./web/web-search.ts";

/** What retrievers are opened with. Choices that do not concern the kind of retriever are not used. */
export interface RetrieverDeps {
  /** The index of a folder as a retriever; who opens it closes it. Rejects with one sentence where there is none. */
  openFolder(path: string): Promise<Retriever>;
  openPolicy?(id: string): Promise<Policy>;
  /** A key by the name of its environment variable; the environment itself where absent. */
  key?(name: string): Promise<string | undefined>;
  proxy?: string;
  /** Web search on pages of this host alone. */
  site?: string;
  /** Id of the policy that summarises web pages; snippets are the documents where absent. */
  summariser?: string;
  /** Requests a second, at most. */
  perSecond?: number;
  /** Folder of kept answers, and how long they are used. Absent or 0 hours: nothing is kept. */
  cache?: { home: string; hours: number };
  /** Folder of the ledgers, and the caps of a calendar month. Web searches are counted with or without a cap. */
  budget?: { home: string; searches?: number; money?: number; price?: number };
  /** File to write a recording to. */
  record?: string;
}

export type OpenedRetriever = { ok: true; retriever: Retriever } | { ok: false; reason: string };

/** The environment variable with the key of remote retrieval servers. */
export const remoteKeyName = "SEARCHLIGHT_RETRIEVAL_KEY";

/** Opens what a text names, with cache, budget, rate limit and recording around it. No search is made. */
export async function openRetriever(text: string, deps: RetrieverDeps): Promise<OpenedRetriever> {
  const parsed = parseRetriever(text);
  if (!parsed.ok) return parsed;
  try {
    const retriever = await openSpec(parsed.spec, deps);
    return { ok: true, retriever: deps.record ? recorded(retriever, deps.record) : retriever };
  } catch (error) {
    if (error instanceof RecordingError || error instanceof PolicyError) return { ok: false, reason: error.message };
    throw error;
  }
}

async function openSpec(spec: RetrieverSpec, deps: RetrieverDeps): Promise<Retriever> {
  const dispatcher = deps.proxy ? { dispatcher: dispatcherFor(deps.proxy) } : {};
  const turnstile = deps.perSecond ? { turnstile: rateLimit(deps.perSecond) } : {};
  switch (spec.kind) {
    case "folder":
      return deduplicated(await deps.openFolder(spec.path));
    case "replay":
      return replayed(spec.file);
    case "remote": {
      const options = { key: () => keyOf(remoteKeyName, deps), ...turnstile, ...dispatcher };
      const capped = deps.budget?.searches !== undefined || deps.budget?.money !== undefined;
      return around(remoteRetriever(spec.form, spec.url, options), capped ? spec.form.name : undefined, false, deps);
    }
    case "web": {
      const { provider, base } = spec;
      const options: WebOptions = {
        ...(base ? { base } : {}),
        ...(provider.keyName ? { key: () => keyOf(provider.keyName!, deps) } : {}),
        ...(deps.site ? { site: deps.site } : {}),
        ...(deps.summariser ? { summary: await openSummary(deps.summariser, deps) } : {}),
        ...turnstile,
        ...dispatcher,
      };
      return around(webRetriever(provider, options), provider.name, true, deps);
    }
  }
}

/** Only what is really asked is paid for, so the budget is inside of the cache. */
function around(
  source: Retriever,
  ledger: string | undefined,
  fold: boolean,
  { budget, cache }: RetrieverDeps,
): Retriever {
  let retriever = source;
  if (budget && ledger) {
    const { home, ...caps } = budget;
    retriever = budgeted(retriever, { ...caps, ledger: join(home, `${ledger}.jsonl`) });
  }
  if (cache && cache.hours > 0) retriever = cached(retriever, { ...cache, fold });
  return deduplicated(retriever);
}

async function openSummary(id: string, deps: RetrieverDeps): Promise<NonNullable<WebOptions["summary"]>> {
  if (!deps.openPolicy || id === "extractive") {
    throw new PolicyError("unavailable", `The policy ${id} cannot summarise pages; use openai-chat:MODEL@URL.`);
  }
  const summarise = policySummariser(await deps.openPolicy(id));
  return { id, summarise, readPage: pageReader(deps.proxy ? { proxy: deps.proxy } : {}) };
}

/** A key with characters that no header can carry would be printed by the HTTP library's own error; it counts as none. */
async function keyOf(name: string, deps: RetrieverDeps): Promise<string | undefined> {
  const key = (deps.key ? await deps.key(name) : process.env[name])?.trim();
  return key && /^[\x21-\x7e]+$/.test(key) ? key : undefined;
}
