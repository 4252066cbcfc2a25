import type { Trajectory } from "../protocol/trajectory.ts";
import type { Difficulty, EvaluationQuestion } from "./evaluation/data-sets/question.ts";
import type { ExpertPlan } from "./models/program-expert.ts";

/**
 * Plans for a program that knows the answers, by the text of the question: each hop's question, else each page that supports the
 * answer, else the question itself, is one query; the first gold answer is the answer. Questions without one have no plan, and of two
 * records with the same text the first counts.
 */
export function expertPlans(questions: readonly EvaluationQuestion[]): Map<string, ExpertPlan> {
  const plans = new Map<string, ExpertPlan>();
  for (const { question, golds, hops, supports } of questions) {
    const [answer] = golds;
    if (answer === undefined || plans.has(question)) continue;
    const pages = [...new Set(supports.flatMap((support) => (support.kind === "page" ? [support.name] : [])))];
    const steps = hops.length > 0 ? hops.map((hop) => hop.question) : pages;
    plans.set(question, { queries: steps.length > 0 ? steps : [question], answer });
  }
  return plans;
}

/** The trajectories of one question that are worth imitating: a reward of at least `least`, different texts, best first, at most `most`. */
export function bestOf(group: readonly Trajectory[], least: number, most: number): Trajectory[] {
  const seen = new Set<string>();
  return group
    .filter(({ reward }) => reward !== undefined && reward.total >= least)
    .toSorted((first, second) => second.reward!.total - first.reward!.total)
    .filter(({ text }) => !seen.has(text) && seen.add(text))
    .slice(0, most);
}

/**
 * Difficulty by the rollouts that one right answer takes on average, with R1-Searcher's bounds (arXiv 2503.05592, section 2.1): fewer
 * than 10 easy, 10 to 20 medium, more difficult. With fewer than 20 rollouts, the harder questions are mostly among the unsolved.
 */
export function difficultyOf(right: number, rollouts: number): Difficulty {
  if (right === 0) return "unsolved";
  const needed = rollouts / right;
  if (needed < 10) return "easy";
  return needed <= 20 ? "medium" : "difficult";
}
