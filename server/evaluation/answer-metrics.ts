import { type NormaliserName, answerWords, normalisers } from "./normalise-answer.ts";

/**
 * Answer metrics as R1-Searcher's `evaluation/metric_calc_rule.py` defines them. All values are 0 to 1; a table shows them in
 * percent with one decimal.
 */
export interface AnswerMetrics {
  /** Normalised strings are equal. */
  em: number;
  f1: number;
  precision: number;
  recall: number;
  /** Every gold word is among the prediction's words, in any order. The paper's ACC_R. */
  cem1: number;
  /** The gold answer is a substring of the prediction. */
  cem2: number;
}

/** Answers that are wrong when they differ at all: sharing a word with `no` is no partial success. */
const closed = new Set(["yes", "no", "noanswer"]);

const none: AnswerMetrics = { em: 0, f1: 0, precision: 0, recall: 0, cem1: 0, cem2: 0 };
const metricNames = Object.keys(none) as (keyof AnswerMetrics)[];

/** Compares one prediction with one gold answer. */
export function compareAnswer(
  prediction: string,
  gold: string,
  normaliser: NormaliserName = "punctuation-to-space",
): AnswerMetrics {
  const normalise = normalisers[normaliser];
  return compareNormalised(normalise(prediction), normalise(gold));
}

function compareNormalised(predicted: string, wanted: string): AnswerMetrics {
  const overlap = closed.has(predicted) || closed.has(wanted) ? predicted === wanted : true;
  return {
    ...none,
    em: Number(predicted === wanted),
    ...(overlap ? wordOverlap(predicted, wanted) : {}),
    cem1: Number(wordsCovered(predicted, wanted)),
    cem2: Number(predicted.includes(wanted)),
  };
}

/**
 * The best of every metric over several accepted answers; all zero where there is no gold answer. A question without a
 * prediction (undefined) scores zero, whatever the gold answers are.
 */
export function answerMetrics(
  prediction: string | undefined,
  golds: readonly string[],
  normaliser: NormaliserName = "punctuation-to-space",
): AnswerMetrics {
  if (prediction === undefined) return { ...none };
  if (latest && latest.prediction === prediction && latest.normaliser === normaliser && sameTexts(latest.golds, golds))
    return { ...latest.metrics };
  const normalise = normalisers[normaliser];
  const predicted = normalise(prediction);
  let best: AnswerMetrics | undefined;
  for (const gold of golds) {
    const one = compareNormalised(predicted, normalise(gold));
    if (best) for (const key of metricNames) best[key] = Math.max(best[key], one[key]);
    else best = one;
  }
  const metrics = best ?? { ...none };
  latest = { prediction, golds: [...golds], normaliser, metrics };
  return { ...metrics };
}

/** Whoever reports metrics and reward of an answer compares it twice in a row: the latest comparison is kept. */
let latest:
  | { prediction: string; golds: readonly string[]; normaliser: NormaliserName; metrics: AnswerMetrics }
  | undefined;

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** Multiset overlap of words. The order of operations is the reference program's, so that sums agree to the last bit. */
function wordOverlap(predicted: string, wanted: string): Pick<AnswerMetrics, "f1" | "precision" | "recall"> {
  const predictedWords = answerWords(predicted);
  const wantedWords = answerWords(wanted);
  const left = new Map<string, number>();
  for (const word of wantedWords) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of predictedWords) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  if (shared === 0) return { f1: 0, precision: 0, recall: 0 };
  const precision = shared / predictedWords.length;
  const recall = shared / wantedWords.length;
  return { f1: (2 * precision * recall) / (precision + recall), precision, recall };
}

/** The reference program cuts at each space, so an empty gold answer is one empty word: only an empty prediction holds it. */
function wordsCovered(predicted: string, wanted: string): boolean {
  const words = new Set(predicted.split(" "));
  return wanted.split(" ").every((word) => words.has(word));
}
