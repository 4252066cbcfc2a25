import type { RecipeProblem } from "../../protocol/run-messages.ts";

/** Problems in one sentence: the first in full, the others counted. */
export function problemsSentence(what: string, problems: readonly RecipeProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error");
  const [first, ...others] = errors.length > 0 ? errors : problems;
  if (!first) return `${what}.`;
  const more =
    others.length === 0 ? "" : ` (and ${others.length} more ${others.length === 1 ? "problem" : "problems"})`;
  return `${what}: ${first.message}${more}`;
}

export function hasErrors(problems: readonly RecipeProblem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}
