import { withEfficiency } from "../rewards/optional-terms.ts";
import type { ScoredRow } from "./score-summary.ts";

/** Rows of one question are a group: who was right with the fewest searches is known when all of them are read. */
export class ScoredGroups {
  readonly #groups = new Map<string, { row: ScoredRow; right: boolean }[]>();

  add(row: ScoredRow, right: boolean): void {
    const group = this.#groups.get(row.question);
    if (group) group.push({ row, right });
    else this.#groups.set(row.question, [{ row, right }]);
  }

  /** Puts each group's efficiency into the rewards of its rows. */
  settle(weight: number): void {
    for (const group of this.#groups.values()) {
      if (group.length < 2) continue;
      const members = group.map(({ row, right }) => ({ reward: row.reward, searches: row.rollout.searches, right }));
      for (const [index, reward] of withEfficiency(members, weight).entries()) group[index]!.row.reward = reward;
    }
  }
}
