import type { Trajectory } from "../../protocol/trajectory.ts";
import { searchedTexts } from "./file/record-texts.ts";
import { summarise } from "./summary.ts";
import { foldedWords } from "./text/text-search.ts";
import { canPack, packTokens } from "./token-columns.ts";

/** What a trajectory is chosen by in the table. */
export interface StoredFacts {
  /** Its texts as words that are compared: `foldedWords`. */
  words: string;
  stop: string;
  policy: string;
  profile: string;
  searches: number;
  step: number | null;
  /** The group of its prompt. */
  prompt: string | null;
  reward: number | null;
  rules: string[];
  /** Names of the reward's components, and of each its points after its weight. */
  components: string[];
  points: number[];
}

export function storedFacts(trajectory: Trajectory): StoredFacts {
  const { stop, status, policy, profile, searches, training, reward } = trajectory;
  const components = reward?.components ?? [];
  const violations = components.flatMap((component) => component.violations);
  return {
    words: foldedWords(searchedTexts(trajectory)),
    stop: stop?.reason ?? status,
    policy: policy.id,
    profile,
    searches: searches.length,
    step: training?.step ?? null,
    prompt: training?.group ?? null,
    reward: reward?.total ?? null,
    rules: [...new Set(violations.map(({ rule }) => rule))],
    components: components.map(({ name }) => name),
    points: components.map(({ value, weight }) => value * weight),
  };
}

/** A trajectory as the table keeps it: whole, and beside that what it is chosen by. */
export function storedRow(trajectory: Trajectory) {
  const { tokens, ...plain } = trajectory;
  const packed = tokens !== undefined && canPack(tokens);
  return {
    id: trajectory.id,
    summary: JSON.stringify(summarise(trajectory)),
    /** The whole record but its tokens, which are most of its size. */
    record: JSON.stringify(packed ? plain : trajectory),
    tokens: packed ? packTokens(tokens) : null,
    ...storedFacts(trajectory),
  };
}
