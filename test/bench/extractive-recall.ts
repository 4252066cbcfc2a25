import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { z } from "zod";
import type { Hit } from "../../protocol/passage.ts";
import { openPassageIndex } from "../../server/index/passage-index.ts";
import { fusedPassages, type FusedSearch } from "../../server/models/extractive/fusion.ts";
import { readQuestion } from "../../server/models/extractive/question.ts";
import { mostSearches, plannedSearch } from "../../server/models/extractive/search-plan.ts";

/** Question sets with the passages that answer them, and the shares that one query and an untuned rule reach. */
export const recallSets = ["hotpotqa", "2wikimultihopqa", "musique"] as const;
const depth = 10;

const RecallQuestion = z.object({ id: z.string(), question: z.string(), supporting_ids: z.array(z.string()) });
const RecallPassage = z.object({ id: z.string(), title: z.string(), text: z.string() });
export type RecallQuestion = z.infer<typeof RecallQuestion>;

export interface Recall {
  set: string;
  questions: number;
  passages: number;
  /** Shares of questions with all supporting passages among the first ten. */
  oneQuery: number;
  policy: number;
  searchesPerQuestion: number;
  seconds: number;
}

export type SearchWords = (query: string, k: number) => Promise<Hit[]>;

/** Shares for one set over any search; which questions the policy's searches missed goes to `onMiss`. */
export async function recallOf(
  questions: readonly RecallQuestion[],
  search: SearchWords,
  onMiss?: (question: RecallQuestion, searches: readonly FusedSearch[]) => void,
): Promise<Pick<Recall, "oneQuery" | "policy" | "searchesPerQuestion">> {
  let one = 0;
  let all = 0;
  let count = 0;
  for (const each of questions) {
    const question = readQuestion(each.question);
    const searches: FusedSearch[] = [];
    for (;;) {
      const planned = plannedSearch(question, searches, mostSearches - searches.length);
      if (!planned) break;
      searches.push({ query: planned.query, hits: await search(planned.query, depth) });
    }
    count += searches.length;
    const holds = (ids: readonly string[]): boolean =>
      each.supporting_ids.every((id) => ids.slice(0, depth).includes(id));
    if (holds(searches[0]?.hits.map(({ passage }) => passage.id) ?? [])) one += 1;
    if (holds(fusedPassages(searches).map(({ passage }) => passage.id))) all += 1;
    else onMiss?.(each, searches);
  }
  const share = (part: number): number => Math.round((1000 * part) / questions.length) / 1000;
  return {
    oneQuery: share(one),
    policy: share(all),
    searchesPerQuestion: Math.round((100 * count) / questions.length) / 100,
  };
}

/** Words-only search over all passages of each set, as the product searches: LanceDB's full text. */
export async function extractiveRecall(dataHome: string): Promise<Recall[]> {
  const indexes = mkdtempSync(join(tmpdir(), "searchlight-recall-"));
  try {
    const found: Recall[] = [];
    for (const set of recallSets) {
      const { questions, passages } = readRecallSet(dataHome, set);
      const index = await openPassageIndex(join(indexes, set), passages);
      const started = performance.now();
      const signal = new AbortController().signal;
      const shares = await recallOf(questions, (query, k) => index.search(query, k, "words", signal));
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      index.close();
      found.push({ set, questions: questions.length, passages: passages.length, ...shares, seconds });
    }
    return found;
  } finally {
    rmSync(indexes, { recursive: true, force: true });
  }
}

export function readRecallSet(dataHome: string, set: string) {
  const lines = (name: string): unknown[] =>
    readFileSync(join(dataHome, set, name), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  return {
    questions: lines("questions.jsonl").map((line) => RecallQuestion.parse(line)),
    passages: lines("passages.jsonl").map((line) => RecallPassage.parse(line)),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const dataHome = resolve(process.argv[2] ?? process.env["SEARCHLIGHT_DATA"] ?? "../shared/data");
  process.stdout.write(`${JSON.stringify(await extractiveRecall(dataHome), null, 2)}\n`);
}
