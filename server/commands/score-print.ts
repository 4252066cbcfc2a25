import { counted } from "./counted.ts";
import { print } from "./output.ts";
import type { ScoreTotals, ScoredRow } from "./score-summary.ts";
import { oneLine } from "./visible-text.ts";

/** More rows than this say nothing to a person. */
const mostRows = 50;

/** The first rows with the rules that cost them points, then the means. */
export function printScores(rows: readonly ScoredRow[], summary: ScoreTotals): void {
  for (const row of rows.slice(0, mostRows)) {
    const answer = row.answer === null ? "no answer" : oneLine(row.answer, 60);
    print(`${row.reward.total.toFixed(3).padStart(7)}  ${oneLine(row.id, 40)}  ${answer}`);
    for (const { rule, points, start, end, message } of row.reward.components.flatMap(({ violations }) => violations)) {
      print(
        `         ${points === 0 ? "also" : points.toFixed(3)} ${rule} at ${start}-${end}: ${oneLine(message, 160)}`,
      );
    }
  }
  if (rows.length > mostRows) print(`… ${rows.length - mostRows} more; --json has all`);
  const { metrics, reward } = summary;
  print();
  print(
    `${counted(summary.rows, "trajectory", "trajectories")}, ${summary.bad} not readable; answered ${percent(summary.answerRate)} %, ${summary.rollout.searches.toFixed(2)} searches each`,
  );
  const { evidenceReached, repeatedDocumentShare, environmentShare } = summary.rollout;
  const evidence = evidenceReached === null ? "" : `a gold answer was retrieved in ${percent(evidenceReached)} %, `;
  print(
    `${evidence}${percent(repeatedDocumentShare)} % of documents repeated, ${percent(environmentShare)} % of the response masked`,
  );
  if (metrics) {
    print(
      `EM ${percent(metrics.em)}  F1 ${percent(metrics.f1)}  CEM_1 ${percent(metrics.cem1)}  CEM_2 ${percent(metrics.cem2)}  (${summary.withGolds} with gold answers)`,
    );
  }
  const judge = summary.judge?.cem1;
  if (judge) print(`judge ${percent(judge.judged)}, agrees with CEM_1 on ${percent(judge.agree)} % of ${judge.rows}`);
  print(`reward ${reward.mean.toFixed(3)} ± ${reward.std.toFixed(3)} by ${Object.keys(reward.profiles).join(", ")}`);
  for (const [rule, { rows: broken, points }] of Object.entries(summary.rules))
    print(`  ${rule}: ${counted(broken, "trajectory", "trajectories")}, ${points.toFixed(3)} points`);
  const { mask } = summary;
  if (mask.agree < mask.rows) {
    const kinds = Object.entries(mask.kinds).map(([kind, rows]) => `${kind} ${rows}`);
    print(
      `a search for tags would mask ${mask.rows - mask.agree} of ${mask.rows} trajectories otherwise than who wrote them says: ${kinds.join(", ")}`,
    );
  }
  const twins = summary.policySpans;
  if (twins)
    print(
      `rules on policy text alone would judge ${twins.differ} of ${twins.rows} trajectories otherwise (${twins.points.toFixed(3)} points)`,
    );
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
