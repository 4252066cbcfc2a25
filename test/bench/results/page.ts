import { comparisonMarkdown } from "../../../server/commands/compare-print.ts";
import type { MeasureName } from "../../../server/evaluation/runs/summary.ts";
import type { MetricAgreement } from "./agreement.ts";
import type { PolicyResult, PolicyResults } from "./policies.ts";
import { percent, range, table } from "./markdown.ts";
import type { SetScores } from "./retrieval.ts";
import { retrievalSection } from "./retrieval-page.ts";

export interface Results {
  machine: string;
  minutes: number;
  /** Passages that got a vector in this run; the others kept theirs from an earlier one. */
  embedded: number;
  agreement: MetricAgreement | undefined;
  retrieval: SetScores[];
  policies: PolicyResults;
}

/** The page of results as Markdown. Shares are percent, with 95 % intervals of the bootstrap over questions. */
export function resultsPage({ machine, minutes, embedded, agreement, retrieval, policies }: Results): string {
  return `# Results

Written by \`node test/bench/results.ts\` in ${minutes.toFixed(0)} minutes (${embedded} passages embedded; vectors of an earlier run are kept). Machine: ${machine}. Shares are percent; in parentheses the 95 % interval of the
bootstrap over questions. Every sample is drawn with seed 1. The sets are cuts of the published ones with small corpora, so that retrieval is
easier here than over all of Wikipedia and no figure can be compared with a paper's. What training does to a small model is in [results-training.md](results-training.md).

## Retrieval

${retrievalSection(retrieval)}

## Metrics against the reference program

${agreement ? agreementText(agreement) : "The reference program's outputs are not on this machine."}

## Policies

Runs of \`searchlight evaluate\`. *Read* is the share of supporting passages that the policy had in its transcript. The extractive policy is a rule
without a language model: the baseline that a model has to beat. SmolLM2-135M-Instruct, greedy, was not trained for this format.

${policyTable(policies.results)}

The sample handbook's answers are sentences, which EM and F1 punish; CEM_1 is the measure there. ${handbookText(policies.results)}

${policies.modes ? `### Words or hybrid search\n\nThe extractive policy on ${policies.modes.set}; \`searchlight compare\`, first by words, second hybrid:\n\n${comparisonMarkdown(policies.modes.comparison, ["words", "hybrid"], 5)}` : ""}
`;
}

function agreementText({ golden, released, judge }: MetricAgreement): string {
  const both = (ours: number, theirs: number, digits = 1): string =>
    `${ours.toFixed(digits)} (${theirs.toFixed(digits)})`;
  const rows = released.map(({ name, rows: count, published, ...ours }) => [
    name,
    `${count} (${published.rows})`,
    both(ours.em, published.em),
    both(ours.f1, published.f1),
    both(ours.cem1, published.cem1),
    both(ours.cem2, published.cem2),
    both(ours.judge, published.judge),
    both(ours.searches, published.searches, 2),
  ]);
  const kappa = (value: number | null): string => (value === null ? "–" : value.toFixed(2));
  return `EM, F1, CEM_1 and CEM_2 equal those of R1-Searcher's \`metric_calc_rule.py\` to the last digit on ${golden.equal} of ${golden.pairs} pairs of answers.

Our metrics over the released rollouts that are here, a part of each file; in parentheses the whole file's figures as published:

${table(["rollouts", "rows", "EM", "F1", "CEM_1", "CEM_2", "judge", "searches"], rows)}

The judge of these files (GPT-4o) agrees with EM on ${percent(judge.em.agree)} % of the answers (kappa ${kappa(judge.em.kappa)}), with CEM_1 on ${percent(judge.cem1.agree)} % (${kappa(judge.cem1.kappa)}), with F1 of at least
a half on ${percent(judge.f1.agree)} % (${kappa(judge.f1.kappa)}).`;
}

function policyTable(results: readonly PolicyResult[]): string {
  return table(
    [
      "questions",
      "policy",
      "profile",
      "search",
      "n",
      "EM",
      "F1",
      "CEM_1",
      "answered",
      "valid format",
      "read",
      "searches",
      "seconds",
      "ends",
    ],
    results.map(({ set, policy, profile, search, summary: { rows, means, stops } }) => {
      const share = (name: MeasureName): string => (means[name] ? range(means[name]) : "–");
      return [
        set,
        policy,
        profile,
        search,
        `${rows}`,
        share("em"),
        share("f1"),
        share("cem1"),
        share("answered"),
        share("validFormat"),
        share("supportsReached"),
        (means.searches?.mean ?? 0).toFixed(2),
        (means.seconds?.mean ?? 0).toFixed(2),
        Object.entries(stops)
          .map(([reason, count]) => `${reason} ${count}`)
          .join(", "),
      ];
    }),
  );
}

function handbookText(results: readonly PolicyResult[]): string {
  const abstained = results.find(({ profile }) => profile === "docs")?.summary.means.rightAbstention;
  return abstained
    ? `Of its ${abstained.rows} questions that the documents do not answer, ${range(abstained)} % got "Not in these documents".`
    : "";
}
