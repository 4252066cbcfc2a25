import { normalisers } from "./normalise-answer.ts";

/** What a judge said of an answer; `unclear` where it said neither. */
export type Verdict = "true" | "false" | "unclear";

/** One answer to judge. */
export interface JudgedAnswer {
  question: string;
  gold: string;
  prediction: string;
}

/** The paper's prompt (`evaluation/metric_calc_gpt_as_judge.py`). A Boolean gold answer is put as yes or no. */
export function judgePrompt({ question, gold, prediction }: JudgedAnswer): string {
  const reference = gold === "True" ? "yes" : gold === "False" ? "no" : gold;
  return `Given a Question and its Golden Answer, verify whether the Predicted Answer is correct. The prediction is correct if it fully aligns with the meaning and key information of the Golden Answer. Respond with True if the prediction is correct and False otherwise.

Question: ${question}
Golden Answer: ${reference}
Predicted Answer: ${prediction}
`;
}

/** A judge that thinks aloud decides last: the last True or False that stands as a word counts. */
export function parseVerdict(text: string): Verdict {
  const words = normalisers["punctuation-deleted"](text).split(" ");
  const last = words.findLast((word) => word === "true" || word === "false");
  return last === "true" || last === "false" ? last : "unclear";
}

/** Sends one prompt to a model and gives what it wrote. */
export type AskOnce = (prompt: string, signal: AbortSignal) => Promise<string>;

/** Asks for a verdict on one answer; throws what `ask` throws. */
export async function judgeAnswer(ask: AskOnce, answer: JudgedAnswer, signal: AbortSignal): Promise<Verdict> {
  return parseVerdict(await ask(judgePrompt(answer), signal));
}

/** How a judge agrees with a metric of 0 and 1. Kappa is undefined (null) where either side never varies. */
export interface Agreement {
  rows: number;
  /** Share of answers that the judge took for right. */
  judged: number;
  /** Share on which judge and metric say the same. */
  agree: number;
  /** Cohen's kappa: agreement beyond what the two shares alone would give. */
  kappa: number | null;
}

/** Agreement over pairs of a judge's verdict and a metric's value; a value of 0.5 or more counts as right. */
export function agreement(pairs: readonly { judge: boolean; metric: number }[]): Agreement | undefined {
  if (pairs.length === 0) return undefined;
  const share = (holds: (pair: { judge: boolean; metric: number }) => boolean): number =>
    pairs.filter(holds).length / pairs.length;
  const judged = share(({ judge }) => judge);
  const measured = share(({ metric }) => metric >= 0.5);
  const agree = share(({ judge, metric }) => judge === metric >= 0.5);
  const chance = judged * measured + (1 - judged) * (1 - measured);
  const varies = judged > 0 && judged < 1 && measured > 0 && measured < 1;
  return { rows: pairs.length, judged, agree, kappa: varies ? (agree - chance) / (1 - chance) : null };
}
