import type { FusedPassage, FusedSearch } from "./fusion.ts";
import { contentKeys } from "../../language/words.ts";
import { answersKind } from "./answer-kind.ts";
import type { Question } from "./question.ts";
import { readPassage, type ReadPassage, type ReadSentence } from "./read-passage.ts";

/** A sentence chosen for the answer. */
export interface ChosenSentence {
  readonly read: ReadPassage;
  readonly sentence: ReadSentence;
  /** From 0 to about 1: weighted share of the question in the sentence and what stands above it. */
  readonly score: number;
}

const weights = {
  /** A word of the question in the title or headings, not in the sentence. */
  above: 0.6,
  /** A word of the question in the sentence before only. */
  before: 0.25,
  /** Words of later queries that are not the question's: what the search found out on its way. */
  learned: 0.6,
  kind: 0.2,
  placed: 0.35,
  /** A sentence that adds to the first ones must be this good beside the best. */
  enough: 0.55,
  repeated: 0.35,
  most: 4,
  pool: 8,
};

/** Weighted keys that an answer should cover: the question's, and those learned by bridging. Rare ones weigh more. */
export function wantedKeys(question: Question, searches: readonly FusedSearch[], fused: readonly FusedPassage[]): Map<string, number> {
  const pool = fused.map(({ passage }) => readPassage(passage));
  const rarity = (key: string): number => {
    const holding = pool.filter((read) => read.keys.has(key)).length;
    return 0.4 + 0.6 * (Math.log((pool.length + 1) / (holding + 0.5)) / Math.log((pool.length + 1) / 0.5));
  };
  const wanted = new Map<string, number>();
  for (const term of question.terms) wanted.set(term.key, term.weight * rarity(term.key));
  for (const search of searches.slice(1)) {
    for (const key of contentKeys(search.query)) {
      if (!wanted.has(key)) wanted.set(key, weights.learned * rarity(key));
    }
  }
  return wanted;
}

/** Scores every sentence of the best passages, best first. Headings never stand alone as an answer. */
export function rankSentences(
  question: Question,
  searches: readonly FusedSearch[],
  fused: readonly FusedPassage[],
): ChosenSentence[] {
  const wanted = wantedKeys(question, searches, fused);
  const all = [...question.keys].reduce((sum, key) => sum + (wanted.get(key) ?? 0), 0);
  const best = fused[0]?.score ?? 1;
  const ranked = fused.slice(0, weights.pool).flatMap(({ passage, score }) => {
    const read = readPassage(passage);
    const above = new Set([...read.titleKeys, ...(passage.place?.headings ?? []).flatMap(contentKeys)]);
    return read.sentences.flatMap((sentence, index) => {
      if (sentence.kind === "heading") return [];
      const before = read.sentences[index - 1]?.keys;
      let covered = 0;
      for (const [key, weight] of wanted) {
        if (sentence.keys.has(key)) covered += weight;
        else if (above.has(key)) covered += weights.above * weight;
        else if (before?.has(key)) covered += weights.before * weight;
      }
      const coverage = Math.min(1.2, covered / Math.max(all, 0.1));
      const kind = answersKind(question, sentence) ? weights.kind : 0;
      const placed = 1 - weights.placed * (1 - score / best);
      return [{ read, sentence, score: (coverage + (coverage > 0.2 ? kind : 0)) * shape(question, sentence) * placed }];
    });
  });
  return ranked.sort((a, b) => b.score - a.score);
}

/** A question, a fragment or a code block is seldom what the reader asked for. */
function shape(question: Question, sentence: ReadSentence): number {
  if (/\?["'”)]*$/u.test(sentence.text)) return 0.3;
  if (sentence.words.length < 4) return sentence.kind === "item" || sentence.kind === "row" ? 0.6 : 0.4;
  if (sentence.kind === "code") return question.kind === "how-to" ? 0.6 : 0.4;
  if (sentence.words.length > 80) return 0.7;
  return 1;
}

/**
 * One to four sentences: the best, then those that add words the chosen ones lack, in reading order. A sentence that
 * announces a list or a command (`:` at its end) brings what it announces.
 */
export function chooseSentences(ranked: readonly ChosenSentence[], usable: (sentence: ChosenSentence) => boolean): ChosenSentence[] {
  const open = ranked.filter(usable);
  const first = open[0];
  if (!first) return [];
  const chosen: ChosenSentence[] = [];
  const said = new Set<string>();
  while (chosen.length < weights.most) {
    let next: { candidate: ChosenSentence; worth: number } | undefined;
    for (const candidate of open) {
      if (candidate.score < weights.enough * first.score) break;
      if (chosen.includes(candidate)) continue;
      const keys = [...candidate.sentence.keys];
      const fresh = keys.filter((key) => !said.has(key)).length / Math.max(1, keys.length);
      const worth = candidate.score * (weights.repeated + (1 - weights.repeated) * fresh);
      if (!next || worth > next.worth) next = { candidate, worth };
    }
    if (!next || next.worth < weights.enough * first.score) break;
    for (const each of announced(next.candidate, usable)) {
      if (chosen.length < weights.most + 2 && !chosen.some((other) => other.sentence === each.sentence)) chosen.push(each);
      for (const key of each.sentence.keys) said.add(key);
    }
  }
  return inReadingOrder(chosen);
}

function announced(chosen: ChosenSentence, usable: (sentence: ChosenSentence) => boolean): ChosenSentence[] {
  if (!chosen.sentence.text.endsWith(":")) return [chosen];
  const at = chosen.read.sentences.indexOf(chosen.sentence);
  const following: ChosenSentence[] = [];
  for (const sentence of chosen.read.sentences.slice(at + 1)) {
    const follow = { ...chosen, sentence };
    if (sentence.kind !== "item" && sentence.kind !== "code" && sentence.kind !== "row") break;
    if (following.length === 3 || !usable(follow)) break;
    following.push(follow);
    if (sentence.kind === "code") break;
  }
  return [chosen, ...following];
}

function inReadingOrder(chosen: readonly ChosenSentence[]): ChosenSentence[] {
  const passages = [...new Set(chosen.map(({ read }) => read))];
  return passages.flatMap((read) =>
    chosen.filter((each) => each.read === read).sort((a, b) => a.sentence.start - b.sentence.start),
  );
}
