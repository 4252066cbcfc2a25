import type { Name } from "../../language/names.ts";
import { contentKeys } from "../../language/words.ts";
import { answerPhrase } from "./answer-phrase.ts";
import { alternativesOf, compare } from "./comparison.ts";
import { holdsControlTag } from "./control-text.ts";
import { type ExpectedAnswer, expectedAnswer } from "./expected-answer.ts";
import type { FusedPassage } from "./fusion.ts";
import type { Question } from "./question.ts";
import { readPassage, type ReadPassage, type ReadSentence } from "./read-passage.ts";

/** A sentence of a read passage. */
export interface PlacedSentence {
  readonly read: ReadPassage;
  readonly sentence: ReadSentence;
}

/** A sentence that may be part of an answer. */
export interface AnswerCandidate extends PlacedSentence {
  /** How far each of the question's words is held, 0 to 1. */
  readonly held: ReadonlyMap<string, number>;
  /** Keys of title and headings. */
  readonly above: ReadonlySet<string>;
  /** How well its passage was found, 0 to 1. */
  readonly placed: number;
}

/** Sentences that answer together: each but the first speaks of a name that the one before it brought up. */
export interface AnswerChain {
  readonly links: readonly AnswerCandidate[];
  /** Weighted share of the question's words in the sentences and what stands above them, 0 to 1. */
  readonly coverage: number;
  /** How well the last sentence holds what the question asks for, 0 to 1. */
  readonly match: number;
  /** The piece of the last sentence that is asked for. */
  readonly phrase: string;
  /** What chains are compared by. */
  readonly value: number;
}

const weights = {
  passages: 24,
  sentences: 60,
  /** Of one sentence; what is longer is no sentence but a line of data. */
  characters: 1200,
  /** For the next query fewer are looked at: it is asked before each search. */
  leading: 12,
  leads: 6,
  starts: 16,
  beam: 20,
  links: 3,
  /** A word in the title or a heading, not in the sentence. */
  above: 0.75,
  /** A word in the sentence before only, where that one belongs to the same paragraph of thought. */
  before: 0.3,
  match: 0.55,
  /** A longer chain must explain more. */
  link: 0.06,
  /** A name that stands only above the next sentence is a weaker link than one in its words. */
  weakLink: 0.2,
  placed: 0.12,
  /** Of what the other links hold beyond the densest, this share counts, by the weakest link: scattered words say little. */
  scattered: 0.4,
  linked: 0.4,
  names: 3,
  /** A part of a longer name ("Optics" of an institute of optics) may be another thing's. */
  part: 0.4,
  implied: 0.3,
};

/**
 * The best chain of one to three sentences out of the passages that a policy may quote. One sentence answers a one-hop
 * question; for more hops the first sentence holds a part of the question and a name that the question lacks, and the
 * next one speaks of that name. A question that lets choose takes one sentence for each thing it names.
 */
export function bestChain(
  question: Question,
  fused: readonly FusedPassage[],
  usable: (read: ReadPassage) => boolean,
): AnswerChain | undefined {
  const expected = expectedAnswer(question);
  const wanted = wantedWeights(question, expected, fused);
  const candidates = candidatesOf(question, fused, usable);
  const compared = compare(question, alternativesOf(question), candidates);
  if (compared && compared.links.length > 1) {
    const chain = compared.links.reduce<Partial | undefined>(
      (before, link) => extend(question, expected, wanted, before, link, 1),
      undefined,
    )!;
    const phrase = compared.decided?.text ?? chain.phrase;
    return { ...chain, links: distinctLinks(compared.links), match: compared.decided ? 1 : chain.match, phrase };
  }
  const firsts = candidates
    .map((candidate) => extend(question, expected, wanted, undefined, candidate, 1))
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
        if (link > 0) longer.push(extend(question, expected, wanted, chain, candidate, link));
      }
    }
    beam = longer.sort(byValue).slice(0, weights.beam);
    if (beam[0] && (!best || beam[0].value > best.value + 1e-9)) best = beam[0];
  }
  return best;
}

/** Pairs of linked sentences that together hold most of the question: what the second one names may lead on. */
export function leadingPairs(question: Question, fused: readonly FusedPassage[]): AnswerChain[] {
  const expected = expectedAnswer(question);
  const wanted = wantedWeights(question, expected, fused);
  const candidates = candidatesOf(question, fused.slice(0, weights.leading), () => true);
  const starts = candidates
    .map((candidate) => extend(question, expected, wanted, undefined, candidate, 1))
    .sort((a, b) => b.coverage - a.coverage)
    .slice(0, weights.leads);
  const pairs = starts.flatMap((start) =>
    candidates.flatMap((candidate) => {
      const link = linkStrength(question, start.links, candidate);
      const adds = [...candidate.held].some(([key, share]) => share === 1 && !start.held.has(key));
      return adds && link >= 0.5 && candidate.sentence !== start.links[0]?.sentence
        ? [extend(question, expected, wanted, start, candidate, link)]
        : [];
    }),
  );
  return pairs.sort((a, b) => b.coverage - a.coverage).slice(0, weights.leads);
}

interface Partial extends AnswerChain {
  readonly held: ReadonlyMap<string, number>;
  /** Coverage of the link that holds most. */
  readonly densest: number;
  readonly cost: number;
  /** The weakest link's strength. */
  readonly weakest: number;
}

function distinctLinks(links: readonly AnswerCandidate[]): AnswerCandidate[] {
  return links.filter((link, index) => links.findIndex(({ sentence }) => sentence === link.sentence) === index);
}

function byValue(a: AnswerChain, b: AnswerChain): number {
  return b.value - a.value;
}

function extend(
  question: Question,
  expected: ExpectedAnswer,
  wanted: ReadonlyMap<string, number>,
  before: Partial | undefined,
  candidate: AnswerCandidate,
  strength: number,
): Partial {
  const links = [...(before?.links ?? []), candidate];
  const held = new Map(before?.held);
  for (const [key, share] of candidate.held) held.set(key, Math.max(share, held.get(key) ?? 0));
  let have = 0;
  let all = 0;
  for (const [key, weight] of wanted) {
    all += weight;
    have += weight * (held.get(key) ?? 0);
  }
  const own =
    all === 0 ? 0 : [...candidate.held].reduce((sum, [key, share]) => sum + share * (wanted.get(key) ?? 0), 0) / all;
  const densest = Math.max(before?.densest ?? 0, own);
  const union = all === 0 ? 0 : have / all;
  const weakest = Math.min(before?.weakest ?? 1, strength);
  const coverage = densest + (weights.scattered + weights.linked * weakest) * (union - densest);
  const known = new Set([
    ...question.keys,
    ...(before?.links ?? []).flatMap((link) => [...link.sentence.keys, ...link.above]),
  ]);
  const { match, text: phrase } = answerPhrase(question, expected, candidate.sentence, known);
  const placed = links.reduce((sum, link) => sum + link.placed, 0) / links.length;
  const cost = (before?.cost ?? 0) + (before ? weights.link + weights.weakLink * (1 - strength) : 0);
  const value =
    (coverage + weights.match * match + weights.placed * placed) * shape(question, candidate.sentence) - cost;
  return { links, held, densest, weakest, coverage, match, phrase, cost, value };
}

function candidatesOf(
  question: Question,
  fused: readonly FusedPassage[],
  usable: (read: ReadPassage) => boolean,
): AnswerCandidate[] {
  const best = fused[0]?.score ?? 1;
  return fused.slice(0, weights.passages).flatMap(({ passage, score }) => {
    const read = readPassage(passage);
    if (!usable(read)) return [];
    const above = new Set([...read.titleKeys, ...(passage.place?.headings ?? []).flatMap(contentKeys)]);
    return read.sentences.slice(0, weights.sentences).flatMap((sentence, index) => {
      if (sentence.kind === "heading" || sentence.text.length > weights.characters || holdsControlTag(sentence.text))
        return [];
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
function linkStrength(question: Question, links: readonly AnswerCandidate[], candidate: AnswerCandidate): number {
  const last = links.at(-1)!;
  const samePage = last.read.title === candidate.read.title;
  const names = bridgingNames(question, last);
  let strength = 0;
  for (const { keys, whole } of names) {
    if (!keys.every((key) => candidate.sentence.keys.has(key) || candidate.above.has(key))) continue;
    const own = keys.every((key) => candidate.sentence.keys.has(key));
    strength = Math.max(strength, (own ? 1 : samePage ? 0.05 : 0.6) * (whole ? 1 : weights.part));
  }
  // A sentence that lists many names points at none of them.
  return names.length > weights.names ? (strength * weights.names) / names.length : strength;
}

/** Names that a sentence brings up, its passage's title among them. */
export function bridgingNames(
  question: Question,
  { sentence, read }: PlacedSentence,
): { text: string; keys: readonly string[]; whole: boolean }[] {
  const fresh = (keys: readonly string[]): boolean => keys.some((key) => !question.keys.has(key));
  const found = sentence.names
    .filter((name) => fresh(name.keys))
    .map((name) => ({
      text: name.text,
      keys: name.keys,
      whole: !sentence.names.some((other) => contains(other, name)),
    }));
  const title = [...read.titleKeys];
  return fresh(title) && title.length <= 4 ? [...found, { text: read.title, keys: title, whole: true }] : found;
}

function contains(outer: Name, inner: Name): boolean {
  return outer.start <= inner.start && outer.end >= inner.end && outer.end - outer.start > inner.end - inner.start;
}

/** The question's words by how much they narrow: names and numbers more, and words that every passage holds less. */
function wantedWeights(
  question: Question,
  expected: ExpectedAnswer,
  fused: readonly FusedPassage[],
): Map<string, number> {
  const pool = fused.map(({ passage }) => readPassage(passage));
  const full = Math.log((pool.length + 1) / 0.5);
  return new Map(
    question.terms.map((term) => {
      const holding = pool.filter((read) => read.keys.has(term.key)).length;
      const rarity = 0.4 + 0.6 * (Math.log((pool.length + 1) / (holding + 0.5)) / full);
      // "Which firm …": the answer is one, and need not say so.
      return [term.key, term.weight * rarity * (expected.implied.has(term.key) ? weights.implied : 1)];
    }),
  );
}

/** A question, a fragment or a code block is seldom what the reader asked for. */
function shape(question: Question, sentence: ReadSentence): number {
  if (/\?["'”)]*$/u.test(sentence.text)) return 0.4;
  // Text that speaks to a program instead of a reader states nothing.
  if (/\b(?:ignore|disregard|forget)\b.{0,30}\binstructions?\b/iu.test(sentence.text)) return 0;
  if (sentence.kind === "code") return question.kind === "how-to" ? 0.85 : 0.6;
  if (sentence.kind === "row") return 0.85;
  if (sentence.words.length < 4) return sentence.kind === "item" ? 0.8 : 0.5;
  return sentence.words.length > 80 ? 0.8 : 1;
}
