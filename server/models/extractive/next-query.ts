import type { Name } from "../../language/names.ts";
import { contentKeys } from "../../language/words.ts";
import { leadingPairs } from "./answer-chain.ts";
import { fusedPassages, queryKeys, titleAsked, type FusedPassage, type FusedSearch } from "./fusion.ts";
import type { Question } from "./question.ts";
import { readPassage, type ReadPassage, type ReadSentence } from "./read-passage.ts";

/** A query worth sending and what it is for. */
export interface NextQuery {
  readonly query: string;
  /** The name the query is about. */
  readonly about: string;
  /** unread: the question names it and no passage is about it; bridge: a passage names it; subject: a passage is about it. */
  readonly why: "unread" | "bridge" | "subject";
  /** Title of the passage that led here, for bridge and subject. */
  readonly from?: string;
  readonly score: number;
}

const weights = {
  passages: 6,
  subjects: 4,
  /** A sentence that covers less of the question than this leads nowhere. */
  coverageFloor: 0.1,
  scoreFloor: 0.1,
  unread: 1,
  unreadSingle: 0.6,
  unreadSeen: 0.5,
  /** The name holds a common word of the question: "Southeastern Conference" where a conference is asked for. */
  typed: 2,
  /** A word of the question stands right beside the name: "the scheduler Nightjar" where a scheduler is asked about. */
  beside: 1.2,
  /** The sentence gives the name as a value: "the camera is Lantern", "directed by …". */
  given: 1.3,
  single: 0.7,
  nearby: 0.5,
  nearbyReach: 200,
  generic: 0.5,
  alreadyRead: 0.2,
  repeated: 0.1,
  subject: 0.6,
  far: 0.35,
};

/**
 * The next query for a question after some searches, or undefined when nothing more is worth asking. Three kinds compete:
 * a name of the question that no passage is about; a name that stands in a good passage near the question's words but not
 * in the question (the bridge of a two-hop question); the subject of a good passage, with what the question says beyond it.
 */
export function nextQuery(question: Question, searches: readonly FusedSearch[]): NextQuery | undefined {
  const fused = fusedPassages(searches);
  // The first query is the whole question: a part of it is a different search. The later ones are not repeated.
  const asked = searches.slice(1).map((search) => new Set(queryKeys(search)));
  let best: NextQuery | undefined;
  for (const candidate of [
    ...unread(question, fused),
    ...bridges(question, fused),
    ...farBridges(question, fused),
    ...subjects(question, fused),
  ]) {
    if (candidate.score < weights.scoreFloor || (best && candidate.score <= best.score)) continue;
    const keys = contentKeys(candidate.query);
    if (keys.length > 0 && !asked.some((each) => keys.every((key) => each.has(key)))) best = candidate;
  }
  return best;
}

function unread(question: Question, fused: readonly FusedPassage[]): NextQuery[] {
  const pool = fused.map(({ passage }) => readPassage(passage));
  return question.names.flatMap((name) => {
    const keys = new Set(name.keys);
    const about = (read: ReadPassage) => titleAsked(read, keys) || name.keys.every((key) => read.titleKeys.has(key));
    if (name.keys.length > 6 || pool.some(about)) return [];
    const text = name.text.toLowerCase();
    const seen = pool.slice(0, 5).some((read) => read.folded.includes(text));
    const plain = name.keys.length === 1 && name.mark === "capitals";
    const score = weights.unread * (plain ? weights.unreadSingle : 1) * (seen ? weights.unreadSeen : 1);
    return [{ query: name.text, about: name.text, why: "unread", score }];
  });
}

function bridges(question: Question, fused: readonly FusedPassage[]): NextQuery[] {
  const pool = fused.map(({ passage }) => readPassage(passage));
  const best = fused[0]?.score ?? 1;
  const found = new Map<string, NextQuery>();
  for (const { passage, score } of fused.slice(0, weights.passages)) {
    const read = readPassage(passage);
    for (const sentence of read.sentences) {
      const coverage = covered(question, new Set([...sentence.keys, ...read.titleKeys]));
      if (coverage < weights.coverageFloor) continue;
      for (const name of sentence.names) {
        const value = (score / best) * coverage * bridgeWorth(question, read, sentence, name);
        if (value <= 0) continue;
        const id = name.keys.join(" ");
        const other = found.get(id);
        const query =
          `${name.text} ${rest(question, new Set([...sentence.keys, ...read.titleKeys, ...name.keys]))}`.trim();
        const candidate: NextQuery = { query, about: name.text, why: "bridge", from: passage.title, score: value };
        if (!other) found.set(id, candidate);
        else if (value > other.score) found.set(id, { ...candidate, score: value + weights.repeated * other.score });
        else found.set(id, { ...other, score: other.score + weights.repeated * value });
      }
    }
  }
  return [...found.values()].map((candidate) => {
    const name = candidate.about.toLowerCase();
    const occurrences = pool.filter((read) => read.folded.includes(name)).length;
    const keys = new Set(contentKeys(candidate.about));
    const alreadyRead = pool.slice(0, 10).some((read) => titleAsked(read, keys)) ? weights.alreadyRead : 1;
    return { ...candidate, score: (candidate.score * alreadyRead) / Math.max(1, occurrences) ** weights.generic };
  });
}

/** Names at the end of two linked sentences: the bridge to a third hop holds few of the question's words by itself. */
function farBridges(question: Question, fused: readonly FusedPassage[]): NextQuery[] {
  return leadingPairs(question, fused).flatMap(({ links, coverage }) => {
    const [start, end] = links;
    if (!start || !end) return [];
    const known = new Set([...start.sentence.keys, ...start.above, ...end.above]);
    const held = new Set([...known, ...end.sentence.keys]);
    return end.sentence.names.flatMap((name) => {
      const worth = coverage * bridgeWorth(question, end.read, end.sentence, name) * weights.far;
      if (worth <= 0 || name.keys.every((key) => known.has(key))) return [];
      const query = `${name.text} ${rest(question, new Set([...held, ...name.keys]))}`.trim();
      const read = fused.slice(0, 10).some(({ passage }) => titleAsked(readPassage(passage), new Set(name.keys)));
      return [
        {
          query,
          about: name.text,
          why: "bridge" as const,
          from: end.read.passage.title,
          score: worth * (read ? weights.alreadyRead : 1),
        },
      ];
    });
  });
}

const calendar = new Set(
  contentKeys(
    "January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
  ),
);

/** How much a name in a sentence looks like the missing link, from 0 on. */
function bridgeWorth(question: Question, read: ReadPassage, sentence: ReadSentence, name: Name): number {
  const fresh = name.keys.some((key) => !question.keys.has(key) && !read.titleKeys.has(key));
  if (!fresh || name.keys.every((key) => /^\d/.test(key) || calendar.has(key))) return 0;
  const typed = name.keys.some((key) => question.commonKeys.has(key) && !read.titleKeys.has(key)) ? weights.typed : 1;
  const middle = (name.start + name.end) / 2;
  let distance = weights.nearbyReach;
  let beside = 1;
  for (const word of sentence.words) {
    if (!question.keys.has(word.key)) continue;
    if ((word.end + 1 === name.start || name.end + 1 === word.start) && question.commonKeys.has(word.key))
      beside = weights.beside;
    if (!read.titleKeys.has(word.key)) distance = Math.min(distance, Math.abs((word.start + word.end) / 2 - middle));
  }
  const nearby = 1 - weights.nearby * (distance / weights.nearbyReach);
  const code = name.keys.length === 1 && /\p{L}.*\d/u.test(name.text);
  const given = /\b(?:is|are|was|were|by|named|called|after)\s+(?:the\s+|an?\s+|[“"'‘*[]+)?$/u.test(
    sentence.text.slice(Math.max(0, name.start - 16), name.start),
  )
    ? weights.given
    : 1;
  return nearby * typed * beside * given * (name.keys.length > 1 || code ? 1 : weights.single);
}

function subjects(question: Question, fused: readonly FusedPassage[]): NextQuery[] {
  const best = fused[0]?.score ?? 1;
  return fused.slice(0, weights.subjects).flatMap(({ passage, score }) => {
    const read = readPassage(passage);
    const missing = rest(question, read.keys);
    const page = read.subjects[0];
    if (missing === "" || !page || page.keys.every((key) => question.keys.has(key))) return [];
    const worth = weights.subject * (score / best) * covered(question, read.keys);
    return [{ query: `${page.text} ${missing}`, about: page.text, why: "subject", from: passage.title, score: worth }];
  });
}

function covered(question: Question, keys: ReadonlySet<string>): number {
  let have = 0;
  let all = 0;
  for (const term of question.terms) {
    all += term.weight;
    if (keys.has(term.key)) have += term.weight;
  }
  return all === 0 ? 0 : have / all;
}

/** The question's words beyond the ones given. */
function rest(question: Question, keys: ReadonlySet<string>): string {
  return question.terms
    .filter((term) => !keys.has(term.key))
    .map((term) => term.text)
    .join(" ");
}
