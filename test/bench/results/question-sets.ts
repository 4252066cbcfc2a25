import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Passage } from "../../../protocol/passage.ts";
import type { EvaluationQuestion } from "../../../server/evaluation/data-sets/question.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { sampleQuestions } from "../../../server/evaluation/sample-questions.ts";
import { seededRandom } from "../../../server/evaluation/statistics/seeded-random.ts";

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

const sets = [
  { name: "hotpotqa", title: "HotpotQA" },
  { name: "2wikimultihopqa", title: "2WikiMultiHopQA" },
  { name: "musique", title: "MuSiQue" },
  { name: "bamboogle", title: "Bamboogle" },
  { name: "scifact", title: "SciFact" },
] as const;

/** The question sets with their whole corpora. Questions of which nothing relevant is known are left out of Bamboogle. */
export async function questionSets(dataHome: string): Promise<QuestionSet[]> {
  const read: QuestionSet[] = [];
  for (const { name, title } of sets) {
    const { questions } = await readDataSet(join(dataHome, name, "questions.jsonl"));
    const weak = questions.every(({ supports }) => supports.length === 0);
    const labelled = weak
      ? questions.map((question) => ({
          ...question,
          supports: question.answerBearing.map((id) => ({ kind: "passage", id }) as const),
        }))
      : questions;
    const lines = readFileSync(join(dataHome, name, "passages.jsonl"), "utf8")
      .split("\n")
      .filter(Boolean);
    const passages = lines
      .map((line) => JSON.parse(line) as Passage)
      .map(({ id, title: page, text }) => ({ id, title: page, text }));
    read.push({ name, title, questions: labelled.filter(({ supports }) => supports.length > 0), passages, weak });
  }
  return read;
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
