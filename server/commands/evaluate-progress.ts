import { Presets, SingleBar } from "cli-progress";
import { type EvaluationRow, hasFailed } from "../evaluation/runs/row.ts";
import { note } from "./output.ts";

/** Without a terminal a line is written this often, so that a log says how far a run is. */
const secondsPerLine = 30;

function bar(format: string): SingleBar {
  return new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, etaBuffer: 50 },
    Presets.shades_classic,
  );
}

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

/** How far the vectors of a corpus are. */
export const corpusProgress = (quiet: boolean): Progress => counted("Embedding passages", quiet);

/** How far the searches of an audit are. */
export const auditProgress = (quiet: boolean): Progress => counted("Searching", quiet);

/** A bar on a terminal, nothing elsewhere. */
function counted(what: string, quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  let shown: SingleBar | undefined;
  return {
    update(done, total) {
      if (total === 0) return;
      if (!shown) {
        shown = bar(`${what} {bar} {value}/{total}  {eta_formatted} left`);
        shown.start(total, done);
      } else {
        shown.setTotal(total);
        shown.update(done);
      }
    },
    stop: () => shown?.stop(),
  };
}

/** Questions asked, time left and the scores so far: a bar on a terminal, a line now and then elsewhere. */
export function evaluationProgress(
  known: readonly (EvaluationRow | undefined)[],
  quiet: boolean,
): { row(row: EvaluationRow): void; stop(): void } {
  const scores = new RunningScores();
  let failed = 0;
  for (const row of known) if (row && !hasFailed(row)) scores.add(row);
  const total = known.length;
  const begun = scores.rows;
  const started = Date.now();
  let told = started;
  const shown =
    !quiet && process.stderr.isTTY ? bar("Asking {bar} {value}/{total}  {eta_formatted} left  {scores}") : undefined;
  shown?.start(total, begun, { scores: scores.text(failed) });
  return {
    row(row) {
      if (hasFailed(row)) failed += 1;
      scores.add(row);
      if (shown) return shown.update(scores.rows, { scores: scores.text(failed) });
      const now = Date.now();
      if (quiet || now - told < secondsPerLine * 1000) return;
      told = now;
      const left = Math.round(((now - started) / 1000 / (scores.rows - begun)) * (total - scores.rows));
      note(`${scores.rows} of ${total} questions, about ${left} s left: ${scores.text(failed)}`);
    },
    stop: () => shown?.stop(),
  };
}

class RunningScores {
  rows = 0;
  #measured = 0;
  #em = 0;
  #f1 = 0;
  #cem1 = 0;
  #searches = 0;

  add({ metrics, rollout }: EvaluationRow): void {
    this.rows += 1;
    this.#searches += rollout.searches;
    if (!metrics) return;
    this.#measured += 1;
    this.#em += metrics.em;
    this.#f1 += metrics.f1;
    this.#cem1 += metrics.cem1;
  }

  text(failed: number): string {
    const percent = (sum: number): string => (this.#measured === 0 ? "–" : ((100 * sum) / this.#measured).toFixed(1));
    const searches = this.rows === 0 ? "–" : (this.#searches / this.rows).toFixed(2);
    const lost = failed > 0 ? `  ${failed} failed` : "";
    return `EM ${percent(this.#em)}  F1 ${percent(this.#f1)}  CEM ${percent(this.#cem1)}  searches ${searches}${lost}`;
  }
}
