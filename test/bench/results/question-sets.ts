import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Passage } from "../../../protocol/passage.ts";
import type { EvaluationQuestion } from "../../../server/evaluation/data-sets/question.ts";
import { folderPassages } from "../../../server/corpus.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { sampleQuestions } from "../../../server/evaluation/sample-questions.ts";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";
import { openFolder } from "../../../server/home.ts";

/** Decides every sample of the page. */
export const seed = 1;

export interface QuestionSet {
  name: string;
  title: string;
  questions: EvaluationQuestion[];
  passages: Passage[];
  /** Relevance is that a passage holds the answer, not that it proves it. */
  weak: boolean;
}

/** `documents`: a folder that is read and cut as the product does it, where the set has no passages of its own. */
const sets: readonly { name: string; title: string; documents?: string }[] = [
  { name: "hotpotqa", title: "HotpotQA" },
  { name: "2wikimultihopqa", title: "2WikiMultiHopQA" },
  { name: "musique", title: "MuSiQue" },
  { name: "bamboogle", title: "Bamboogle" },
  { name: "scifact", title: "SciFact" },
  { name: "k8s-docs-qa", title: "Kubernetes documentation", documents: "docs/kubernetes" },
  { name: "chunking-eval", title: "Chunking evaluation", documents: "chunking-eval/corpora" },
  { name: "mtrag-un", title: "MTRAG-UN" },
];

/** The question sets with their whole corpora. Questions of which nothing relevant is known are left out. */
export async function questionSets(dataHome: string): Promise<QuestionSet[]> {
  const read: QuestionSet[] = [];
  for (const { name, title, documents } of sets) {
    const { questions } = await readDataSet(join(dataHome, name, "questions.jsonl"));
    const weak = questions.every(({ supports }) => supports.length === 0);
    const labelled = weak
      ? questions.map((question) => ({
          ...question,
          supports: question.answerBearing.map((id) => ({ kind: "passage", id }) as const),
        }))
      : questions;
    const passages = documents
      ? await folderPassages(openFolder(join(dataHome, documents)), new AbortController().signal)
      : readPassageLines(join(dataHome, name, "passages.jsonl"));
    read.push({ name, title, questions: labelled.filter(({ supports }) => supports.length > 0), passages, weak });
  }
  return read;
}

function readPassageLines(path: string): Passage[] {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Passage).map(({ id, title, text }) => ({ id, title, text }));
}

/** Fewer questions, with the passages that support them and others at random up to a count. */
export function smallerSet(set: QuestionSet, questions: number, passages: number): QuestionSet {
  const chosen = sampleQuestions(set.questions, questions, seed);
  const needed = new Set(
    chosen.flatMap(({ supports }) => supports.flatMap((support) => (support.kind === "passage" ? [support.id] : []))),
  );
  const random = seededRandom(seed);
  const others = set.passages
    .filter(({ id }) => !needed.has(id))
    .map((passage) => ({ id: passage.id, draw: random() }));
  others.sort((a, b) => a.draw - b.draw);
  const kept = new Set([...needed, ...others.slice(0, Math.max(0, passages - needed.size)).map(({ id }) => id)]);
  return { ...set, questions: chosen, passages: set.passages.filter(({ id }) => kept.has(id)) };
}
