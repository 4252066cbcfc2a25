import { shuffle } from "simple-statistics";
import type { EvaluationQuestion } from "./data-sets/question.ts";
import { seededRandom } from "./statistics/seeded-random.ts";

/** A random sample that the seed decides, in the order of the file; all of them where there are no more than `limit`. */
export function sampleQuestions(
  questions: readonly EvaluationQuestion[],
  limit: number | undefined,
  seed: number,
): EvaluationQuestion[] {
  if (limit === undefined || limit >= questions.length) return [...questions];
  const chosen = new Set(shuffle([...questions], seededRandom(seed)).slice(0, limit));
  return questions.filter((question) => chosen.has(question));
}
