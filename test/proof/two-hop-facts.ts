import { shuffle } from "simple-statistics";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";
import {
  type FactPassage,
  type FactQuestion,
  type Half,
  personRelations,
  plainTitle,
  relations,
  titleHalf,
} from "./single-facts.ts";

/** How a passage leads to the page of a person: the words before the name, and what the person is called in a question. */
const bridges: Record<string, { before: RegExp; calls: readonly string[] }> = {
  director: { before: /\bdirected(?:,? (?:and )?[a-z-]+)* by $/, calls: ["the director of {title}"] },
  writer: {
    before: /\b(?:written|novel|book|memoir|comedy|play|screenplay) by (?:[A-Z][a-z]+ [a-z]+ )?$/,
    calls: ["the writer of {title}", "the author of {title}"],
  },
  producer: { before: /\b[Pp]roduced by $/, calls: ["the producer of {title}"] },
  creator: { before: /\bcreated by $/, calls: ["the creator of {title}"] },
  host: { before: /\b(?:hosted|presented) by $/, calls: ["the host of {title}"] },
  composer: { before: /\bcomposed by $/, calls: ["the composer of {title}"] },
  founder: { before: /\bfounded (?:in \d{4} )?by $/, calls: ["the founder of {title}"] },
  performer: {
    before:
      /\b(?:album|song|single|EP|track)s? (?:[a-z]+ )?by (?:the )?(?:[A-Z][a-z]+ )?(?:[a-z-]+ )*(?:singer|rapper|musician|artist|songwriter|DJ)?(?:-songwriter)? ?$/,
    calls: ["the performer of {title}", "the artist behind {title}"],
  },
  star: {
    before: /\b(?:stars|starring|starred|featuring) (?:[A-Z]?[a-z]+ (?:actor|actress) )?$/,
    calls: ["the lead actor of {title}", "the star of {title}"],
  },
  player: { before: /\b(?:played|portrayed|voiced) by $/, calls: ["the actor of {title}"] },
};

/** A pair of passages: the first names the person whom the second is about. */
export interface FactChain {
  first: FactPassage;
  second: FactPassage;
  bridge: string;
}

/** Every passage that names, by a known relation, a person with a page of their own; the first such person of each relation. */
export function factChains(passages: readonly FactPassage[]): FactChain[] {
  const people = new Map<string, FactPassage>();
  const byFirstWord = new Map<string, string[]>();
  for (const passage of passages) {
    const title = plainTitle(passage.title);
    if (!title.includes(" ") || people.has(title) || statedOf(passage).length === 0) continue;
    people.set(title, passage);
    const word = title.split(" ")[0]!;
    byFirstWord.set(word, [...(byFirstWord.get(word) ?? []), title]);
  }
  const seen = new Set<string>();
  return passages.flatMap((first) => {
    const own = plainTitle(first.title);
    if (own.length > 45 || seen.has(own)) return [];
    seen.add(own);
    const found = new Map<string, FactChain>();
    for (const { index, 0: word } of first.text.matchAll(/\p{Lu}[\p{L}'’.-]*/gu)) {
      const named = (byFirstWord.get(word) ?? [])
        .filter((title) => title !== own && first.text.startsWith(title, index))
        .toSorted((a, b) => b.length - a.length)[0];
      if (named === undefined) continue;
      const before = first.text.slice(0, index);
      const bridge = Object.entries(bridges).find(([, each]) => each.before.test(before))?.[0];
      if (bridge !== undefined && !found.has(bridge)) found.set(bridge, { first, second: people.get(named)!, bridge });
    }
    return [...found.values()];
  });
}

/**
 * The half of every title, such that the titles of a chain, and of chains that share a page with it, are in the same one: that of the first of
 * them in the order of the alphabet.
 */
export function chainHalves(chains: readonly FactChain[]): (title: string) => Half {
  const parent = new Map<string, string>();
  const root = (title: string): string => {
    const above = parent.get(title) ?? title;
    return above === title ? title : root(above);
  };
  for (const { first, second } of chains) {
    const [a, b] = [root(plainTitle(first.title)), root(plainTitle(second.title))].toSorted();
    parent.set(b!, a!);
  }
  return (title) => titleHalf(root(title));
}

/**
 * The questions of the chains: one about each fact that the second passage states, without naming the person. A nationality is not asked for:
 * most are guessed. The seed chooses the wording and the order.
 */
export function twoHopFacts(chains: readonly FactChain[], seed: number): FactQuestion[] {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const questions = chains.flatMap(({ first, second, bridge }) =>
    statedOf(second).map(({ type, answer, asks }): FactQuestion => {
      const [title, person] = [plainTitle(first.title), plainTitle(second.title)];
      const called = pick(bridges[bridge]!.calls).replace("{title}", () => title);
      return {
        id: `${first.id}-${bridge}-${type}`,
        question: pick(asks).replace("{title}", () => called),
        answers: [answer],
        supporting: [title, person],
        type: `${bridge}-${type}`,
      };
    }),
  );
  return shuffle(questions, random);
}

/** What is asked of people in a second step. */
const secondSteps = personRelations.filter((type) => type !== "nationality");

function statedOf({ text }: FactPassage): { type: string; answer: string; asks: readonly string[] }[] {
  return secondSteps.flatMap((type) => {
    const { states, asks } = relations[type]!;
    const answer = states.exec(text)?.[1]?.trim();
    return answer ? [{ type, answer, asks }] : [];
  });
}
