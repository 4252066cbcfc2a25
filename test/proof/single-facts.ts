import { createHash } from "node:crypto";
import { shuffle } from "simple-statistics";
import { seededRandom } from "../../server/evaluation/statistics/seeded-random.ts";

/** A passage of a file of passages. */
export interface FactPassage {
  id: string;
  title: string;
  text: string;
}

/** A question about one fact of one passage, in the form of the multi-hop sets. */
export interface FactQuestion {
  id: string;
  question: string;
  answers: string[];
  /** Title of the passage that states it. */
  supporting: string[];
  type: string;
}

const month = "(?:January|February|March|April|May|June|July|August|September|October|November|December)";
const date = `(?:${month} \\d{1,2}, \\d{4}|\\d{1,2} ${month} \\d{4})`;
const name = "[A-Z][\\w'’-]+(?: [A-Z]\\.)?(?: [A-Z][\\w'’-]+){1,2}";
const trade =
  "(?:actor|actress|singer|footballer|politician|writer|novelist|journalist|director|producer|composer|rapper|guitarist|painter|lawyer|model|comedian|screenwriter|musician)";

/** A relation: how a passage states it (its first group is the answer), and how it is asked for. */
export const relations: Record<string, { states: RegExp; asks: readonly string[] }> = {
  born: {
    states: new RegExp(`\\([^()]*?born (?:[^()]{0,30}?)(${date})`),
    asks: ["When was {title} born?", "What is the birth date of {title}?"],
  },
  directed: {
    states: new RegExp(`directed by (${name})`),
    asks: ["Who directed {title}?", "Who is the director of {title}?"],
  },
  written: {
    states: new RegExp(`written by (${name})`),
    asks: ["Who wrote {title}?", "Who is the writer of {title}?"],
  },
  released: {
    states: new RegExp(`released on (${date})`),
    asks: ["When was {title} released?", "What is the release date of {title}?"],
  },
  profession: {
    states: new RegExp(` (?:is|was) an? [A-Z][a-z]+ ((?:[a-z]+ )?${trade})`),
    asks: ["What is the profession of {title}?", "What does {title} do for a living?"],
  },
  nationality: {
    states: new RegExp(` (?:is|was) an? ([A-Z][a-z]+) (?:[a-z]+ )?${trade}`),
    asks: ["What is the nationality of {title}?"],
  },
  founded: {
    states: /[Ff]ounded in (\d{4})/,
    asks: ["In what year was {title} founded?", "When was {title} founded?"],
  },
};

/** Those that are stated of people. */
export const personRelations: readonly string[] = ["born", "profession", "nationality"];

/** A title without what tells it from others of its name. */
export function plainTitle(title: string): string {
  return title.replace(/ \([^)]*\)$/, "");
}

/** The first words of a passage: what the proof's corpus holds of it, so that a transcript stays short. */
export function snippet(text: string, words: number): string {
  return text.split(/\s+/).slice(0, words).join(" ");
}

/** The two halves of the questions; no passage that answers one of one half answers one of the other. */
export type Half = "training" | "heldOut";

/** Share of the titles that answer unseen questions only. */
const heldOutShare = 0.3;

/** The half of a title, by a hash of it. */
export function titleHalf(title: string): Half {
  return createHash("sha256").update(title).digest()[0]! < Math.round(heldOutShare * 256) ? "heldOut" : "training";
}

/**
 * One question about each passage that states a known relation, made by program; the seed chooses relation and wording. The split goes by
 * the title, a hash of it where `half` says nothing else. The templates are shared by both halves.
 */
export function singleFacts(
  passages: readonly FactPassage[],
  seed: number,
  half: (title: string) => Half = titleHalf,
): Record<Half, FactQuestion[]> {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const seen = new Set<string>();
  const halves: Record<Half, FactQuestion[]> = { training: [], heldOut: [] };
  for (const { id, title, text } of passages) {
    const plain = plainTitle(title);
    if (plain.length > 45 || !plain.includes(" ") || seen.has(plain)) continue;
    seen.add(plain);
    const stated = Object.entries(relations).flatMap(([type, { states, asks }]) => {
      const answer = states.exec(text)?.[1]?.trim();
      return answer ? [{ type, answer, asks }] : [];
    });
    if (stated.length === 0) continue;
    const { type, answer, asks } = pick(stated);
    const question = pick(asks).replace("{title}", () => plain);
    halves[half(plain)].push({ id, question, answers: [answer], supporting: [plain], type });
  }
  return { training: shuffle(halves.training, random), heldOut: shuffle(halves.heldOut, random) };
}
