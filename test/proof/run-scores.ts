import type { RunEvent } from "../../protocol/run.ts";
import type { PolicyScores } from "./evaluate-checkpoints.ts";

/**
 * The policies' scores by a run's own evaluations, at temperature 0: the first is of the frozen policy, the last before any iteration of the
 * supervised one, the last of all of the reinforced one. A policy that was not evaluated is left out.
 */
export function runScores(events: readonly RunEvent[], setOf: ReadonlyMap<string, string>): PolicyScores[] {
  const evaluations = events.flatMap((event) => (event.type === "evaluation" && event.questions ? [event] : []));
  const before = evaluations.filter(({ iteration }) => iteration === 0);
  const policies = [
    { name: "frozen", evaluation: before[0] },
    { name: "supervised", evaluation: before[1] },
    { name: "reinforced", evaluation: evaluations.findLast(({ iteration }) => iteration > 0) },
  ];
  return policies.flatMap(({ name, evaluation }) => {
    if (!evaluation) return [];
    const { ids, ...numbers } = evaluation.questions!;
    const sets = [...new Set(ids.map((id) => setOf.get(id)!))];
    return sets.map((set): PolicyScores => {
      const own = ids.flatMap((id, at) => (setOf.get(id) === set ? [at] : []));
      const column = (values: readonly number[]): number[] => own.map((at) => values[at]!);
      return {
        ...{ name, temperature: 0, set, ids: own.map((at) => ids[at]!), found: [] },
        ...{ f1: column(numbers.f1), em: column(numbers.em) },
        ...{ form: column(numbers.form), searches: column(numbers.searches) },
      };
    });
  });
}
