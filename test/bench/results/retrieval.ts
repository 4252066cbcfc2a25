import type { Passage, SearchMode } from "../../../protocol/passage.ts";
import { isSupport } from "../../../server/evaluation/data-sets/supports.ts";
import { rankedScore } from "../../../server/evaluation/retrieval-score.ts";
import { type Interval, bootstrapMean } from "../../../server/evaluation/statistics/bootstrap.ts";
import type { Embedder } from "../../../server/models/embedder.ts";
import { indexOf } from "./corpora.ts";
import { type Half, halfOf } from "./halves.ts";
import { libraryBm25 } from "./library-bm25.ts";
import { type QuestionSet, seed } from "./question-sets.ts";

export type SearchName = SearchMode | "library";
export const searchNames = ["library", "words", "vectors", "hybrid"] as const satisfies readonly SearchName[];

/** What one ranked list is worth to one question; each 0 to 1. */
export interface ListScore {
  /** 1 where some support is among the first five. */
  some5: number;
  recall5: number;
  recall10: number;
  /** Over the first ten. */
  reciprocalRank: number;
  ndcg10: number;
}

export interface SetScores {
  name: string;
  title: string;
  weak: boolean;
  passages: number;
  questions: { half: Half; scores: Record<SearchName, ListScore> }[];
}

/** Smaller corpora for what takes long over whole ones. */
export const sampleSize = { questions: 100, passages: 2000 } as const;
const places = 10;

/** Each set's questions as queries over its whole corpus, by each leg, by both, and by a library's BM25. */
export async function measureRetrieval(
  sets: readonly QuestionSet[],
  embedder: Embedder,
  say: (text: string) => void,
): Promise<SetScores[]> {
  const measured: SetScores[] = [];
  for (const set of sets) {
    say(`${set.title}: ${set.questions.length} questions over ${set.passages.length} passages`);
    measured.push(await measureSet(set, embedder, say));
  }
  return measured;
}

async function measureSet(set: QuestionSet, embedder: Embedder, say: (text: string) => void): Promise<SetScores> {
  const index = await indexOf(set.passages, embedder, say);
  const library = libraryBm25(set.passages);
  const signal = new AbortController().signal;
  try {
    const questions: SetScores["questions"] = [];
    for (const { id, question, supports } of set.questions) {
      const score = (passages: readonly Passage[]): ListScore => {
        const { recall, ...ranked } = rankedScore(passages, supports, places)!;
        const first = passages.slice(0, 5);
        return {
          some5: Number(first.some((passage) => supports.some((support) => isSupport(passage, support)))),
          recall5: rankedScore(passages, supports, 5)!.recall,
          recall10: recall,
          ...ranked,
        };
      };
      const by = async (mode: SearchMode): Promise<ListScore> =>
        score((await index.search(question, places, mode, signal)).map((hit) => hit.passage));
      const scores = {
        library: score(library(question, places)),
        words: await by("words"),
        vectors: await by("vectors"),
        hybrid: await by("hybrid"),
      };
      questions.push({ half: halfOf(id), scores });
    }
    return { name: set.name, title: set.title, weak: set.weak, passages: set.passages.length, questions };
  } finally {
    index.close();
  }
}

/** Mean of a measure over the questions of a half, or over all. */
export function meanOf(
  { questions }: SetScores,
  search: SearchName,
  measure: keyof ListScore,
  half: Half | "all",
): Interval {
  return bootstrapMean(
    chosen(questions, half).map(({ scores }) => scores[search][measure]),
    seed,
  )!;
}

/** Mean of the differences between hybrid search and another on the same questions. */
export function gainOf(
  { questions }: SetScores,
  over: SearchName,
  measure: keyof ListScore,
  half: Half | "all",
): Interval {
  return bootstrapMean(
    chosen(questions, half).map(({ scores }) => scores.hybrid[measure] - scores[over][measure]),
    seed,
  )!;
}

function chosen(questions: SetScores["questions"], half: Half | "all"): SetScores["questions"] {
  return questions.filter((question) => half === "all" || question.half === half);
}
