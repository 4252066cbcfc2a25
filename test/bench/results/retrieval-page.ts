import type { Interval } from "../../../server/evaluation/statistics/bootstrap.ts";
import type { Half } from "./halves.ts";
import { percent, range, table } from "./markdown.ts";
import { type SearchName, type SetScores, gainOf, meanOf, searchNames } from "./retrieval.ts";

const names: Record<SearchName, string> = {
  library: "MiniSearch",
  words: "words",
  vectors: "vectors",
  hybrid: "**hybrid**",
};

/** The page's section on retrieval. */
export function retrievalSection(sets: readonly SetScores[]): string {
  return `The question itself is the query, over the whole corpus of each set; *MiniSearch* is the BM25 of that library with its own settings over the same
passages, run beside. *Top 5* is the share of questions with a supporting passage among the first five; recall is the share of the
supporting passages. For Bamboogle nothing says what proves an answer: a passage that holds the answer counts, and recall is left out. The documents
of the Kubernetes and chunking sets are read and cut as in a project. Vectors: all-MiniLM-L6-v2, int8.

Weights of fields, legs and repetition were chosen on half of each set's questions, those whose id's SHA-256 begins with an even byte. On the other half:

${scoreTable(sets, "reporting")}

How much better hybrid search is than each leg in nDCG@10, on the same half, question by question:

${gainTable(sets)}

Over all questions:

${scoreTable(sets, "all")}

What was asked of these figures:

${barTable(sets)}`;
}

function scoreTable(sets: readonly SetScores[], half: Half | "all"): string {
  const rows = sets.flatMap((set) =>
    searchNames.map((search) => {
      const mean = (measure: Parameters<typeof meanOf>[2]): Interval => meanOf(set, search, measure, half);
      const questions = set.questions.filter((question) => half === "all" || question.half === half).length;
      return [
        set.title,
        names[search],
        `${questions}`,
        `${set.passages}`,
        percent(mean("some5").mean),
        set.weak ? "–" : percent(mean("recall5").mean),
        set.weak ? "–" : percent(mean("recall10").mean),
        percent(mean("reciprocalRank").mean),
        set.weak ? "–" : range(mean("ndcg10")),
      ];
    }),
  );
  const head = ["set", "search", "questions", "passages", "top 5", "recall@5", "recall@10", "MRR", "nDCG@10"];
  return table(head, rows);
}

function gainTable(sets: readonly SetScores[]): string {
  const gain = (set: SetScores, over: SearchName): string => range(gainOf(set, over, "ndcg10", "reporting"));
  return table(
    ["set", "over words", "over vectors", "over MiniSearch"],
    sets
      .filter(({ weak }) => !weak)
      .map((set) => [set.title, gain(set, "words"), gain(set, "vectors"), gain(set, "library")]),
  );
}

function barTable(sets: readonly SetScores[]): string {
  const verdict = (holds: boolean): string => (holds ? "holds" : "**does not hold**");
  const rows = sets
    .filter(({ weak }) => !weak)
    .map((set) => {
      const [words, vectors, hybrid] = (["words", "vectors", "hybrid"] as const).map(
        (search) => meanOf(set, search, "ndcg10", "reporting").mean,
      );
      return [
        `${set.title}: hybrid above both legs in nDCG@10, reporting half`,
        `${percent(hybrid!)} against ${percent(words!)} and ${percent(vectors!)}`,
        verdict(hybrid! > Math.max(words!, vectors!)),
      ];
    });
  const scifact = sets.find(({ name }) => name === "scifact");
  if (scifact) {
    const { mean } = meanOf(scifact, "hybrid", "ndcg10", "all");
    rows.push(["SciFact: nDCG@10 of at least 70.0 over all questions", percent(mean), verdict(mean >= 0.7)]);
  }
  const kubernetes = sets.find(({ name }) => name === "k8s-docs-qa");
  if (kubernetes) {
    const [ours, library] = (["hybrid", "library"] as const).map(
      (search) => meanOf(kubernetes, search, "some5", "all").mean,
    );
    rows.push([
      "Kubernetes documentation: right page in the top 5 more often than MiniSearch has it, all questions",
      `${percent(ours!)} against ${percent(library!)}`,
      verdict(ours! > library!),
    ]);
  }
  return table(["bar", "measured", ""], rows);
}
