import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { answerMetrics } from "../../server/evaluation/answer-metrics.ts";
import { rewardProfile } from "../../server/rewards/profiles.ts";
import { scoreTrajectory } from "../../server/rewards/score-trajectory.ts";
import { readTrajectories } from "../../server/trajectories/import/read-trajectories.ts";

export interface ScoringBench {
  rows: number;
  /** From the file to rewards, reading and cutting into segments included. */
  fileSeconds: number;
  /** Processor time of metrics and rewards with spans alone, the best of many rounds: other work on the machine only adds to it. */
  seconds: number;
  /** How many times longer an equal Python program takes for the latter, without spans; absent where there is no Python. */
  pythonTimes?: number;
}

/** Scores a file of released rollouts beside an equal Python program; the two must agree in the sum of all rewards. */
export async function benchScoring(file: string): Promise<ScoringBench | undefined> {
  if (!existsSync(file)) return undefined;
  const profile = rewardProfile("released-qwen")!;
  const from = performance.now();
  const trajectories = [];
  for await (const read of readTrajectories(file)) {
    if (!read.ok) throw new Error(`${file}, line ${read.line}: ${read.field} ${read.reason}`);
    trajectories.push(read.row.trajectory);
  }
  const reading = (performance.now() - from) / 1000;
  let total = 0;
  let first: number | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 30; round++) {
    const started = process.cpuUsage();
    total = 0;
    for (const trajectory of trajectories) {
      const golds = trajectory.golds ?? [];
      answerMetrics(trajectory.answer?.text ?? "", golds);
      total += scoreTrajectory(trajectory, profile, golds).total;
    }
    const { user, system } = process.cpuUsage(started);
    const seconds = (user + system) / 1e6;
    first ??= seconds;
    best = Math.min(best, seconds);
  }
  const python = runPython(file);
  if (python && Math.abs(python.total - total) > 1e-6)
    throw new Error(`Python's rewards sum to ${python.total}, ours to ${total}.`);
  return {
    rows: trajectories.length,
    fileSeconds: reading + first!,
    seconds: best,
    ...(python ? { pythonTimes: python.seconds / best } : {}),
  };
}

function runPython(file: string): { seconds: number; total: number } | undefined {
  const program = join(import.meta.dirname, "score_released_qwen.py");
  for (const python of ["python3", "python"]) {
    try {
      return JSON.parse(execFileSync(python, [program, file], { encoding: "utf8" })) as {
        seconds: number;
        total: number;
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return undefined;
}
