import type { Passage } from "../../protocol/passage.ts";
import { wordsOf } from "./query-words.ts";

/** A passage in the order of its score. */
export interface Scored {
  passage: Passage;
  score: number;
}

export interface Spread extends Scored {
  /** What repetition takes off the score, as a factor; 1 for none. */
  repetition: number;
  /** Near copies that are left out, best first. */
  copies: Passage[];
}

/** Factors for each better hit of the same section, and of the same page; chosen on half of each set's questions. */
const sameSection = 0.75;
const samePage = 0.85;
/** Share of runs of words in common from which two passages are copies of each other, and the length of a run. */
const copyShare = 0.9;
const runWords = 4;
/** Kept passages that each further one is compared with; a reader of a longer list has seen enough of them. */
const mostCompared = 100;
/** Two passages with fewer words are copies only where all their words are the same. */
const fewWords = 12;

/**
 * Spreads a list, best first, over what there is to find: near copies fold into the best of them, and what comes from a section or page that
 * is in the list already counts less, since a reader who opens the page finds it there. Only pages with headings are taken for pages: a book
 * in one file has a thousand passages that have nothing else in common.
 */
export function spread(hits: readonly Scored[]): Spread[] {
  const kept: (Spread & { runs: ReadonlySet<string> })[] = [];
  const seen = new Map<string, number>();
  for (const { passage, score } of hits) {
    const runs = wordRuns(passage.text);
    const original = kept.slice(0, mostCompared).find((other) => areCopies(runs, other.runs));
    if (original) {
      original.copies.push(passage);
      continue;
    }
    const repetition = sectionKeys(passage).reduce((factor, [key, each]) => factor * each ** (seen.get(key) ?? 0), 1);
    for (const [key] of sectionKeys(passage)) seen.set(key, (seen.get(key) ?? 0) + 1);
    kept.push({ passage, score: score * repetition, repetition, copies: [], runs });
  }
  return kept
    .sort((a, b) => b.score - a.score)
    .map(({ passage, score, repetition, copies }) => ({ passage, score, repetition, copies }));
}

function sectionKeys({ place }: Passage): [key: string, factor: number][] {
  if (!place || place.headings.length === 0) return [];
  const page = `${place.folder}\0${place.path}`;
  return [
    [page, samePage],
    [[page, ...place.headings].join("\0"), sameSection],
  ];
}

function wordRuns(text: string): Set<string> {
  const words = wordsOf(text);
  if (words.length < fewWords) return new Set([words.join(" ")]);
  return new Set(words.slice(runWords - 1).map((_, at) => words.slice(at, at + runWords).join(" ")));
}

/** Whether the Jaccard index of two texts' runs, common / (a + b − common), reaches `copyShare`. */
function areCopies(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  let spare = a.size - (copyShare * (a.size + b.size)) / (1 + copyShare);
  for (const run of a) {
    if (spare < 0) return false;
    if (!b.has(run)) spare -= 1;
  }
  return spare >= 0;
}
