import type { Name } from "../../language/names.ts";
import { contentKeys, wordKey } from "../../language/words.ts";
import { answerMatch } from "./answer-kind.ts";
import type { FusedPassage } from "./fusion.ts";
import type { Question } from "./question.ts";
import { readPassage, type ReadPassage, type ReadSentence } from "./read-passage.ts";

/** A sentence of a read passage. */
export interface PlacedSentence {
  readonly read: ReadPassage;
  readonly sentence: ReadSentence;
}

/** Sentences that answer together: each but the first speaks of a name that the one before it brought up. */
export interface AnswerChain {
  readonly links: readonly PlacedSentence[];
  /** Weighted share of the question's words in the sentences and what stands above them, 0 to 1. */
  readonly coverage: number;
  /** How well the last sentence holds what the question asks for, 0 to 1. */
  readonly match: number;
  /** What chains are compared by. */
  readonly value: number;
}

const weights = {
  passages: 14,
  starts: 14,
  beam: 16,
  links: 3,
  /** A word in the title or a heading, not in the sentence. */
  above: 0.75,
  /** A word in the sentence before only, where that one belongs to the same paragraph of thought. */
  before: 0.3,
  match: 0.55,
  /** A longer chain must explain more. */
  link: 0.08,
  /** A name that stands only above the next sentence is a weaker link than one in its words. */
  weakLink: 0.2,
  placed: 0.12,
  /** Of the words that no single link holds, only this share counts: words scattered over sentences say little. */
  scattered: 0.5,
  names: 4,
};

interface Candidate extends PlacedSentence {
  /** How far each of the question's words is held, 0 to 1. */
  readonly held: ReadonlyMap<string, number>;
  readonly above: ReadonlySet<string>;
  readonly placed: number;
}

/**
 * The best chain of one to three sentences out of the passages that a policy may quote. One sentence answers a one-hop
 * question; for more hops the first sentence holds a part of the question and a name that the question lacks, and the
 * next one speaks of that name.
 */
export function bestChain(question: Question, fused: readonly FusedPassage[], usable: (read: ReadPassage) => boolean): AnswerChain | undefined {
  const wanted = wantedWeights(question, fused);
  const candidates = candidatesOf(question, fused, usable);
  const firsts = candidates
    .map((candidate) => extend(question, wanted, undefined, candidate, 0))
    .sort(byValue);
  let best: Partial | undefined = firsts[0];
  // A first link may be worth little by itself: the words it covers decide whether it is followed.
  let beam = firsts.toSorted((a, b) => b.coverage - a.coverage).slice(0, weights.starts);
  for (let length = 2; length <= weights.links; length++) {
    const longer: Partial[] = [];
    for (const chain of beam) {
      for (const candidate of candidates) {
        if (chain.links.some((link) => link.sentence === candidate.sentence)) continue;
        const link = linkStrength(question, chain.links, candidate);
        if (link > 0) longer.push(extend(question, wanted, chain, candidate, link));
      }
    }
    beam = longer.sort(byValue).slice(0, weights.beam);
    if (beam[0] && (!best || beam[0].value > best.value + 1e-9)) best = beam[0];
  }
  return best;
}

interface Partial extends AnswerChain {
  readonly links: readonly Candidate[];
  readonly held: ReadonlyMap<string, number>;
  /** Coverage of the link that holds most. */
  readonly densest: number;
  readonly cost: number;
}

function byValue(a: AnswerChain, b: AnswerChain): number {
  return b.value - a.value;
}

function extend(question: Question, wanted: ReadonlyMap<string, number>, before: Partial | undefined, candidate: Candidate, strength: number): Partial {
  const links = [...(before?.links ?? []), candidate];
  const held = new Map(before?.held);
  for (const [key, share] of candidate.held) held.set(key, Math.max(share, held.get(key) ?? 0));
  let have = 0;
  let all = 0;
  for (const [key, weight] of wanted) {
    all += weight;
    have += weight * (held.get(key) ?? 0);
  }
  const own = all === 0 ? 0 : [...candidate.held].reduce((sum, [key, share]) => sum + share * (wanted.get(key) ?? 0), 0) / all;
  const densest = Math.max(before?.densest ?? 0, own);
  const union = all === 0 ? 0 : have / all;
  const coverage = densest + weights.scattered * (union - densest);
  const known = new Set([...question.keys, ...(before?.links ?? []).flatMap((link) => [...link.sentence.keys, ...link.above])]);
  const match = answerMatch(question, candidate.sentence, known, candidate.above);
  const placed = links.reduce((sum, link) => sum + link.placed, 0) / links.length;
  const cost = (before?.cost ?? 0) + (before ? weights.link + weights.weakLink * (1 - strength) : 0);
  const value = (coverage + weights.match * match + weights.placed * placed) * shape(question, candidate.sentence) - cost;
  return { links, held, densest, coverage, match, cost, value };
}

function candidatesOf(question: Question, fused: readonly FusedPassage[], usable: (read: ReadPassage) => boolean): Candidate[] {
  const best = fused[0]?.score ?? 1;
  return fused.slice(0, weights.passages).flatMap(({ passage, score }) => {
    const read = readPassage(passage);
    if (!usable(read)) return [];
    const above = new Set([...read.titleKeys, ...(passage.place?.headings ?? []).flatMap(contentKeys)]);
    return read.sentences.flatMap((sentence, index) => {
      if (sentence.kind === "heading") return [];
      const previous = read.sentences[index - 1];
      const before = previous?.kind === sentence.kind ? previous.keys : undefined;
      const held = new Map<string, number>();
      for (const key of question.keys) {
        if (sentence.keys.has(key)) held.set(key, 1);
        else if (above.has(key)) held.set(key, weights.above);
        else if (before?.has(key)) held.set(key, weights.before);
      }
      return [{ read, sentence, held, above, placed: score / best }];
    });
  });
}

/**
 * How surely a sentence speaks of a name that the chain brought up: 1 in its own words, 0.6 under another title that holds
 * it, hardly where both stand on one page, whose title says nothing of either; 0 not at all.
 */
function linkStrength(question: Question, links: readonly Candidate[], candidate: Candidate): number {
  const last = links.at(-1)!;
  const samePage = last.read.title === candidate.read.title;
  const names = bridgingNames(question, last);
  let strength = 0;
  for (const keys of names) {
    if (keys.every((key) => candidate.sentence.keys.has(key))) strength = 1;
    else if (keys.every((key) => candidate.sentence.keys.has(key) || candidate.above.has(key))) strength = Math.max(strength, samePage ? 0.05 : 0.6);
  }
  // A sentence that lists many names points at none of them.
  return names.length > weights.names ? (strength * weights.names) / names.length : strength;
}

function bridgingNames(question: Question, { sentence, read }: PlacedSentence): (readonly string[])[] {
  const fresh = (keys: readonly string[]): boolean => keys.length > 0 && keys.some((key) => !question.keys.has(key));
  const found: (readonly string[])[] = sentence.names.filter((name: Name) => fresh(name.keys)).map((name) => name.keys);
  const title = [...read.titleKeys];
  return fresh(title) && title.length <= 4 ? [...found, title] : found;
}

/** The question's words by how much they narrow: names and numbers more, and words that every passage holds less. */
export function wantedWeights(question: Question, fused: readonly FusedPassage[]): Map<string, number> {
  const pool = fused.map(({ passage }) => readPassage(passage));
  const full = Math.log((pool.length + 1) / 0.5);
  const asked = headKey(question);
  return new Map(
    question.terms.map((term) => {
      const holding = pool.filter((read) => read.keys.has(term.key)).length;
      const rarity = 0.4 + 0.6 * (Math.log((pool.length + 1) / (holding + 0.5)) / full);
      // "Which firm …": the answer is one, and need not say so.
      return [term.key, term.weight * rarity * (term.key === asked ? 0.35 : 1)];
    }),
  );
}

/** The noun after `which` or `what`: the kind of thing the answer is. */
export function headKey(question: Question): string | undefined {
  const noun = /\b(?:which|what)\s+(?:of\s+\w+\s+)?([\p{L}-]{3,})/iu.exec(question.text)?.[1];
  return noun && !/^(?:is|are|was|were|does|did|has|have|had|can|will|would|should|the|kind|sort)$/iu.test(noun) ? wordKey(noun) : undefined;
}

/** A question, a fragment or a code block is seldom what the reader asked for. */
function shape(question: Question, sentence: ReadSentence): number {
  if (/\?["'”)]*$/u.test(sentence.text)) return 0.4;
  if (sentence.kind === "code") return question.kind === "how-to" ? 0.85 : 0.6;
  if (sentence.kind === "row") return 0.85;
  if (sentence.words.length < 4) return sentence.kind === "item" ? 0.8 : 0.5;
  return sentence.words.length > 80 ? 0.8 : 1;
}
