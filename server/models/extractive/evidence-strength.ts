import type { ChosenSentence } from "./choose-sentences.ts";
import { wantedKeys } from "./choose-sentences.ts";
import type { FusedPassage, FusedSearch } from "./fusion.ts";
import type { Question } from "./question.ts";

/** What speaks for the documents answering the question, each from 0 to 1. */
export interface EvidenceStrength {
  /** Weighted share of the question's words in the best passages, rare words counting more. */
  readonly pool: number;
  /** The same for the best sentence with its title and headings. */
  readonly sentence: number;
  /** The question's names that stand in the best passages; 1 when it names nothing. */
  readonly names: number;
  /** Whether words and vectors put the same passages on top; undefined where only one leg searched. */
  readonly legs: number | undefined;
  /** One number: what the decision is made on. */
  readonly score: number;
  readonly missing: readonly string[];
}

const passages = 3;

export function evidenceStrength(
  question: Question,
  searches: readonly FusedSearch[],
  fused: readonly FusedPassage[],
  ranked: readonly ChosenSentence[],
): EvidenceStrength {
  const wanted = wantedKeys(question, [], fused);
  const top = ranked[0];
  const holding = new Set<string>();
  const reads = new Map(ranked.slice(0, 12).map((each) => [each.read.passage.id, each.read]));
  for (const read of [...reads.values()].slice(0, passages)) for (const key of read.keys) holding.add(key);
  const near = new Set([...(top?.sentence.keys ?? []), ...(top?.read.titleKeys ?? [])]);
  const share = (keys: ReadonlySet<string>): number => {
    let have = 0;
    let all = 0;
    for (const [key, weight] of wanted) {
      all += weight;
      if (keys.has(key)) have += weight;
    }
    return all === 0 ? 0 : have / all;
  };
  const named = question.names.filter((name) => name.mark !== "emphasis");
  const found = named.filter((name) => name.keys.every((key) => holding.has(key)));
  const pool = share(holding);
  const sentence = share(near);
  const nameShare = named.length === 0 ? 1 : found.length / named.length;
  const score = 0.45 * pool + 0.35 * sentence + 0.2 * nameShare;
  const missing = question.terms.filter((term) => !holding.has(term.key)).map((term) => term.text);
  return { pool, sentence, names: nameShare, legs: legAgreement(searches[0]), score, missing };
}

/** Share of the first five hits that both legs found among their own first ten. */
export function legAgreement(search: FusedSearch | undefined): number | undefined {
  const hits = search?.hits.slice(0, 5) ?? [];
  if (!hits.some((hit) => hit.words) || !hits.some((hit) => hit.vectors)) return undefined;
  const agreed = hits.filter((hit) => (hit.words?.rank ?? 99) <= 10 && (hit.vectors?.rank ?? 99) <= 10);
  return agreed.length / hits.length;
}
