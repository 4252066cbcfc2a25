import type { SearchMode } from "../../../protocol/passage.ts";
import { isSupport } from "../../../server/evaluation/data-sets/supports.ts";
import { rankedScore } from "../../../server/evaluation/retrieval-score.ts";
import { type Interval, bootstrapMean } from "../../../server/evaluation/statistics/bootstrap.ts";
import type { Embedder } from "../../../server/models/embedder.ts";
import { indexOf } from "./corpora.ts";
import { type QuestionSet, seed, smallerSet } from "./question-sets.ts";

export interface RetrievalRow {
  title: string;
  weak: boolean;
  mode: SearchMode;
  questions: number;
  passages: number;
  /** Some supporting passage, and all of them, among the first ten; shares of questions. */
  some: Interval;
  all: Interval;
  /** Share of the supporting passages among the first five and ten. */
  recall5: Interval;
  recall10: Interval;
  reciprocalRank: Interval;
  ndcg10: Interval;
}

export const sampleSize = { questions: 100, passages: 2000 } as const;

/** Each set's questions as queries, by words over its whole corpus, then by every leg over a smaller one. */
export async function measureRetrieval(
  sets: readonly QuestionSet[],
  embedder: Embedder,
  say: (text: string) => void,
): Promise<{ whole: RetrievalRow[]; sample: RetrievalRow[] }> {
  const whole: RetrievalRow[] = [];
  const sample: RetrievalRow[] = [];
  for (const set of sets) {
    say(`${set.title}: words over ${set.passages.length} passages`);
    whole.push(...(await measureSet(set, ["words"], null, say)));
    const smaller = smallerSet(set, sampleSize.questions, sampleSize.passages);
    say(`${set.title}: words, vectors and hybrid over ${smaller.passages.length} passages`);
    sample.push(...(await measureSet(smaller, ["words", "vectors", "hybrid"], embedder, say)));
  }
  return { whole, sample };
}

async function measureSet(
  set: QuestionSet,
  modes: readonly SearchMode[],
  embedder: Embedder | null,
  say: (text: string) => void,
): Promise<RetrievalRow[]> {
  const index = await indexOf(set.passages, embedder, say);
  const signal = new AbortController().signal;
  try {
    const rows: RetrievalRow[] = [];
    for (const mode of modes) {
      const scores: Record<"some" | "all" | "recall5" | "recall10" | "reciprocalRank" | "ndcg10", number>[] = [];
      for (const { question, supports } of set.questions) {
        const passages = (await index.search(question, 10, mode, signal)).map((hit) => hit.passage);
        const reached = supports.map((support) => passages.some((passage) => isSupport(passage, support)));
        scores.push({
          some: Number(reached.some(Boolean)),
          all: Number(reached.every(Boolean)),
          recall5: rankedScore(passages, supports, 5)!.recall,
          ...withoutRecall(rankedScore(passages, supports, 10)!),
        });
      }
      const mean = (name: keyof (typeof scores)[number]): Interval =>
        bootstrapMean(
          scores.map((score) => score[name]),
          seed,
        )!;
      rows.push({
        title: set.title,
        weak: set.weak,
        mode,
        questions: set.questions.length,
        passages: set.passages.length,
        some: mean("some"),
        all: mean("all"),
        recall5: mean("recall5"),
        recall10: mean("recall10"),
        reciprocalRank: mean("reciprocalRank"),
        ndcg10: mean("ndcg10"),
      });
    }
    return rows;
  } finally {
    index.close();
  }
}

function withoutRecall({ recall, ...rest }: { recall: number; reciprocalRank: number; ndcg10: number }) {
  return { recall10: recall, ...rest };
}
