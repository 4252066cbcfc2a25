import type { Hit, Passage } from "../../../protocol/passage.ts";
import type { Retriever, SearchOutcome } from "../../retrieval/retriever.ts";
import type { EvaluationQuestion, Hop } from "../data-sets/question.ts";
import { isSupport } from "../data-sets/supports.ts";
import { GoldFinder, tellingGolds } from "./gold-finder.ts";

/** So many of so many. */
export interface Share {
  count: number;
  of: number;
}

/** Whether a corpus and its retrieval can answer a question set. */
export interface CorpusAudit {
  questions: number;
  k: number;
  /** A gold answer stands in some passage; null where the passages cannot be read. Over questions whose golds are not yes or no. */
  goldInCorpus: Share | null;
  /** A gold answer stands in the first k passages that the question itself brings. */
  goldInTopK: Share;
  /** All supports are among them; over questions whose supports are known. */
  supportsInTopK: Share;
  /** Some support is. */
  someSupportInTopK: Share;
  /** Each support that the set names by id exists in the corpus. */
  supportsInCorpus: Share | null;
  /** By number of the hop, over questions whose hops are known. The hop's own question is searched. */
  hops: { hop: number; answerInCorpus: Share | null; answerInTopK: Share; passageInTopK: Share }[];
  /** Searches that failed, and the first reason; they count as finding nothing. */
  failedSearches: number;
  failure?: string;
  /** Ids of questions whose gold answer is in no passage. */
  missing: string[];
}

export interface AuditRequest {
  questions: readonly EvaluationQuestion[];
  retriever: Retriever;
  /** Undefined where a server holds them. */
  passages: readonly Passage[] | undefined;
  k: number;
}

/** Queries that are searched at the same time. */
const batch = 8;

/** Audits a question set against a corpus. Rejects with the signal's reason when it is aborted. */
export async function auditCorpus(
  request: AuditRequest,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<CorpusAudit> {
  const { questions, passages, k } = request;
  const finder = passages && new GoldFinder(passages);
  const search = new Searches(request, signal, onProgress);
  const tally = new Tally();
  const missing: string[] = [];
  const found = await search.all(questions.map(({ question }) => question));
  for (const [index, question] of questions.entries()) {
    const hits = found[index]!;
    const golds = tellingGolds(question.golds);
    if (golds.length > 0) {
      const inCorpus = finder?.holdsAny(golds);
      if (inCorpus !== undefined) tally.add("goldInCorpus", inCorpus);
      if (inCorpus === false) missing.push(question.id);
      tally.add("goldInTopK", holds(hits, golds));
    }
    if (question.supports.length === 0) continue;
    const reached = question.supports.map((support) => hits.some((passage) => isSupport(passage, support)));
    tally.add("supportsInTopK", reached.every(Boolean));
    tally.add("someSupportInTopK", reached.some(Boolean));
  }
  const ids = passages && new Set(passages.map(({ id }) => id));
  for (const support of questions.flatMap(({ supports }) => supports))
    if (ids && support.kind === "passage") tally.add("supportsInCorpus", ids.has(support.id));
  const hops = await auditHops(questions, search, finder);
  return {
    questions: questions.length,
    k,
    goldInCorpus: finder ? tally.share("goldInCorpus") : null,
    goldInTopK: tally.share("goldInTopK"),
    supportsInTopK: tally.share("supportsInTopK"),
    someSupportInTopK: tally.share("someSupportInTopK"),
    supportsInCorpus: ids ? tally.share("supportsInCorpus") : null,
    hops,
    failedSearches: search.failed,
    ...(search.failure === undefined ? {} : { failure: search.failure }),
    missing,
  };
}

async function auditHops(
  questions: readonly EvaluationQuestion[],
  search: Searches,
  finder: GoldFinder | undefined,
): Promise<CorpusAudit["hops"]> {
  const hops = questions.flatMap((question) => question.hops.map((hop: Hop, index) => ({ ...hop, index })));
  const found = await search.all(hops.map(({ question }) => question));
  const tallies: Tally[] = [];
  for (const [at, { index, answer, passage }] of hops.entries()) {
    const tally = (tallies[index] ??= new Tally());
    const golds = tellingGolds([answer]);
    if (golds.length > 0) {
      if (finder) tally.add("answerInCorpus", finder.holdsAny(golds));
      tally.add("answerInTopK", holds(found[at]!, golds));
    }
    if (passage !== undefined)
      tally.add(
        "passageInTopK",
        found[at]!.some(({ id }) => id === passage),
      );
  }
  return tallies.map((tally, index) => ({
    hop: index + 1,
    answerInCorpus: finder ? tally.share("answerInCorpus") : null,
    answerInTopK: tally.share("answerInTopK"),
    passageInTopK: tally.share("passageInTopK"),
  }));
}

function holds(passages: readonly Passage[], golds: readonly string[]): boolean {
  return new GoldFinder(passages).holdsAny(golds);
}

class Tally {
  readonly #shares = new Map<string, Share>();

  add(name: string, yes: boolean): void {
    const { count, of } = this.share(name);
    this.#shares.set(name, { count: count + Number(yes), of: of + 1 });
  }

  share(name: string): Share {
    return this.#shares.get(name) ?? { count: 0, of: 0 };
  }
}

/** Searches many queries a few at a time; a failure counts and finds nothing. */
class Searches {
  failed = 0;
  failure: string | undefined;
  readonly #request: AuditRequest;
  readonly #signal: AbortSignal;
  readonly #onProgress: (done: number, total: number) => void;

  constructor(request: AuditRequest, signal: AbortSignal, onProgress: (done: number, total: number) => void) {
    this.#request = request;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  async all(queries: readonly string[]): Promise<Passage[][]> {
    const found: Passage[][] = [];
    for (let at = 0; at < queries.length; at += batch) {
      this.#signal.throwIfAborted();
      const group = queries.slice(at, at + batch);
      const outcomes = await this.#request.retriever.search(group, this.#request.k, this.#signal);
      for (const index of group.keys()) found.push(this.#hits(outcomes[index]).map(({ passage }) => passage));
      this.#onProgress(Math.min(at + batch, queries.length), queries.length);
    }
    this.#signal.throwIfAborted();
    return found;
  }

  #hits(outcome: SearchOutcome | undefined): Hit[] {
    if (outcome?.ok) return outcome.hits.slice(0, this.#request.k);
    this.failed += 1;
    this.failure ??= outcome?.error.message ?? "The retriever answered fewer queries than it was asked; restart it.";
    return [];
  }
}
