import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { composeAnswer } from "../../server/answers/compose.ts";
import { openFolder } from "../../server/home.ts";
import { extractivePolicy } from "../../server/models/extractive/policy.ts";
import { openProject } from "../../server/project.ts";
import { localRetriever } from "../../server/retrieval/local.ts";
import { docs } from "../../server/rollout/profiles/docs.ts";
import { runRollout } from "../../server/rollout/rollout.ts";

const Question = z.looseObject({
  id: z.string(),
  question: z.string(),
  hops: z.int(),
  golds: z.array(z.string()),
  answerable: z.boolean(),
});

/** What the extractive policy makes of the sample handbook's questions. */
export interface SampleAnswers {
  answerable: number;
  /** Answers that hold the gold, by hops. */
  right: Record<string, { right: number; of: number }>;
  /** Answerable questions that were answered at all. */
  answered: number;
  unanswerable: number;
  abstained: number;
  citations: number;
  verified: number;
}

/** Asks all sixty questions of samples/observatory, words and vectors. Deterministic. */
export async function sampleAnswers(): Promise<SampleAnswers> {
  const root = join(import.meta.dirname, "..", "..", "samples", "observatory");
  const home = mkdtempSync(join(tmpdir(), "searchlight-bench-"));
  const signal = new AbortController().signal;
  const folder = openFolder(root, home);
  const project = await openProject(folder, { embedder: "minilm" });
  const result: SampleAnswers = {
    answerable: 0,
    right: {},
    answered: 0,
    unanswerable: 0,
    abstained: 0,
    citations: 0,
    verified: 0,
  };
  try {
    await project.index.update(signal);
    const retriever = localRetriever([project.index]);
    const lines = readFileSync(join(root, "questions.jsonl"), "utf8").trim().split("\n");
    for (const row of lines.map((line) => Question.parse(JSON.parse(line)))) {
      const trajectory = await runRollout(
        { id: row.id, question: row.question, profile: docs, policy: extractivePolicy(), retriever },
        { signal, onEvent: () => {} },
      );
      const answer = await composeAnswer(trajectory, docs, [folder]);
      result.citations += answer.citations.length;
      result.verified += answer.citations.filter(({ status }) => status === "verified").length;
      if (!row.answerable) {
        result.unanswerable += 1;
        if (answer.abstained) result.abstained += 1;
        continue;
      }
      result.answerable += 1;
      if (!answer.abstained) result.answered += 1;
      const hops = (result.right[`${row.hops}`] ??= { right: 0, of: 0 });
      hops.of += 1;
      if (row.golds.some((gold) => answer.text.toLowerCase().includes(gold.toLowerCase()))) hops.right += 1;
    }
  } finally {
    await project.close();
    rmSync(home, { recursive: true, force: true });
  }
  return result;
}
