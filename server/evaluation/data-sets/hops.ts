import { z } from "zod";
import type { Hop } from "./question.ts";

/** MuSiQue's decomposition: `#1` stands for the answer of the first hop. */
const Decomposed = z.array(
  z.object({ question: z.string(), answer: z.string(), supporting_id: z.string().optional() }),
);
/** 2WikiMultiHopQA's triples: subject, relation, object. */
const Triples = z.array(z.tuple([z.string(), z.string(), z.string()]));

/** The steps that a record names; none where it names none (a number of hops alone says nothing of them). */
export function hopsOf(row: Record<string, unknown>): Hop[] {
  const decomposed = Decomposed.safeParse(row["hops"] ?? row["question_decomposition"]);
  if (decomposed.success) {
    const answers = decomposed.data.map(({ answer }) => answer);
    return decomposed.data.map(({ question, answer, supporting_id: passage }) => ({
      question: question
        .replace(/#(\d+)/gu, (mark, number: string) => answers[Number(number) - 1] ?? mark)
        .replaceAll(">>", " "),
      answer,
      ...(passage ? { passage } : {}),
    }));
  }
  const triples = Triples.safeParse(row["evidences"]);
  return triples.success
    ? triples.data.map(([subject, relation, object]) => ({ question: `${subject} ${relation}`, answer: object }))
    : [];
}
