import { existsSync, readFileSync, statSync } from "node:fs";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { readDataSet } from "../evaluation/data-sets/read-data-set.ts";
import { shownReward } from "../rewards/fitting-reward.ts";
import { appendLine } from "../trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../trajectories/annotations/subject.ts";
import { readTrajectories } from "../trajectories/import/read-trajectories.ts";

/** A file cannot take what was to be added: one sentence that says why and what to do. */
export class CollectError extends Error {
  override readonly name = "CollectError";
}

export interface Collected {
  /** False where the file had it before. */
  added: boolean;
  /** Questions or tests in the file now. */
  count: number;
}

/** Adds a trajectory's question with its accepted answers to a question file, unless it asks the same already. */
export async function addQuestion(trajectory: Trajectory, golds: readonly string[], file: string): Promise<Collected> {
  if (trajectory.question.trim() === "") throw new CollectError("The record has no question; add it by hand.");
  if (golds.length === 0) throw new CollectError("A question of an evaluation needs an accepted answer; give one.");
  const { questions } = holdsLines(file) ? await readDataSet(file) : { questions: [] };
  if (questions.some(({ question }) => question === trajectory.question.trim()))
    return { added: false, count: questions.length };
  const taken = new Set(questions.map((question) => question.id));
  let { id } = trajectory;
  for (let other = 2; taken.has(id); other++) id = `${trajectory.id}-${other}`;
  appendLine(file, JSON.stringify({ id, question: trajectory.question.trim(), golds }));
  return { added: true, count: questions.length + 1 };
}

/**
 * Adds a trajectory with its reward to a file of tests, which `searchlight score --check` scores again: the test fails where a rule then
 * costs other points. Tokens are left out; no rule reads them.
 */
export async function addTest(trajectory: Trajectory, file: string): Promise<Collected> {
  const reward = shownReward(trajectory);
  if (!reward)
    throw new CollectError("The record has no reward and no gold answer to make one of; a test needs either.");
  const subject = subjectOf(trajectory);
  let count = 0;
  let known = false;
  if (holdsLines(file))
    for await (const read of readTrajectories(file)) {
      if (!read.ok) continue;
      count += 1;
      known ||= subjectOf(read.row.trajectory) === subject;
    }
  if (known) return { added: false, count };
  const { tokens: _, segments, ...record } = trajectory;
  const plain = segments.map(({ tokenStart: __, tokenEnd: ___, ...segment }) => segment);
  appendLine(file, JSON.stringify({ ...record, segments: plain, reward }));
  return { added: true, count: count + 1 };
}

/** Whether a file is there and holds JSON lines; throws where it holds anything else, to which no line can be added. */
function holdsLines(file: string): boolean {
  if (!existsSync(file) || statSync(file).size === 0) return false;
  const first = readFileSync(file, "utf8").trimStart().split("\n", 1)[0]!;
  try {
    const data: unknown = JSON.parse(first);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return true;
  } catch {
    // Told below.
  }
  throw new CollectError(`${file} holds no JSON lines, so nothing can be added to it; choose another file.`);
}
