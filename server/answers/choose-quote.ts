import type { Passage } from "../../protocol/passage.ts";
import { splitSentences } from "../language/sentences.ts";
import { contentKeys } from "../language/words.ts";
import { type Ground, claimsHeld } from "./held-claims.ts";

/** A sentence of a passage that carries a sentence of an answer. */
export interface Quote {
  passage: Passage;
  /** An exact slice of the passage's text. */
  text: string;
  /** Share of the answer sentence's content words that the quote, its title and headings hold. */
  coverage: number;
}

/** How much of a sentence must be found again. A passage that the policy named needs less than one that is only nearby. */
const enough = { named: 0.45, near: 0.65, second: 0.2 };
const mostQuotes = 2;
/** A phrase of so few words is an answer without a sentence round it ("the north dome"): all of it must be found. */
const phrase = 4;

/**
 * Chooses up to two quotes for one sentence of an answer, by rule: most of its content words must
 * stand in what is quoted, and so must every number, name and denial (`claimsHeld`). Empty when nothing that was read says so.
 */
export function chooseQuotes(
  sentence: string,
  named: readonly Passage[],
  near: readonly Passage[],
  question: string,
): Quote[] {
  const wanted = new Set(contentKeys(sentence));
  if (wanted.size === 0) return [];
  const asked = new Set(contentKeys(question));
  for (const [pool, floor] of [
    [named, enough.named],
    [near, enough.near],
  ] as const) {
    const threshold = wanted.size <= phrase ? 0.99 : floor;
    const quotes = bestQuotes(sentence, wanted, asked, pool);
    const covered = new Set(quotes.flatMap((quote) => [...quote.keys]));
    const share = [...wanted].filter((key) => covered.has(key)).length / wanted.size;
    if (share >= threshold && claimsHeld(sentence, groundOf(quotes, question)))
      return quotes.map(({ passage, text, coverage }) => ({ passage, text, coverage }));
  }
  return [];
}

interface Candidate extends Quote {
  keys: ReadonlySet<string>;
  rank: number;
}

function bestQuotes(
  sentence: string,
  wanted: ReadonlySet<string>,
  asked: ReadonlySet<string>,
  pool: readonly Passage[],
): Candidate[] {
  const candidates = pool.flatMap((passage) => {
    const above = new Set([passage.title, ...(passage.place?.headings ?? [])].flatMap(contentKeys));
    return splitSentences(passage.text).map((each): Candidate => {
      const own = new Set(contentKeys(each.text));
      const keys = new Set([...own, ...above]);
      const coverage = share(wanted, keys);
      // The words themselves count more than those of the title; what the question asks about breaks ties.
      const rank = coverage + 0.5 * share(wanted, own) + 0.1 * share(asked, keys) - (each.kind === "heading" ? 0.2 : 0);
      return { passage, text: each.text, coverage, keys, rank: each.text.includes(sentence) ? rank + 1 : rank };
    });
  });
  const first = best(candidates);
  if (!first) return [];
  const chosen = [first];
  while (chosen.length < mostQuotes) {
    const missing = new Set([...wanted].filter((key) => !chosen.some((quote) => quote.keys.has(key))));
    if (missing.size / wanted.size < enough.second) break;
    const next = best(
      candidates.filter((each) => share(missing, each.keys) * missing.size >= enough.second * wanted.size),
    );
    if (!next || chosen.includes(next)) break;
    chosen.push(next);
  }
  return chosen;
}

function best(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (top, each) => (!top || each.rank > top.rank ? each : top),
    undefined,
  );
}

function share(wanted: ReadonlySet<string>, keys: ReadonlySet<string>): number {
  if (wanted.size === 0) return 0;
  let have = 0;
  for (const key of wanted) if (keys.has(key)) have += 1;
  return have / wanted.size;
}

function groundOf(quotes: readonly Candidate[], question: string): Ground {
  const titles = quotes.map(({ passage }) => passage.title).join("\n");
  const around = quotes.map(({ passage }) => [passage.text, ...(passage.place?.headings ?? [])].join("\n"));
  return {
    quotes: quotes.map(({ text }) => text).join("\n"),
    titles,
    around: [titles, ...around, question].join("\n"),
  };
}
