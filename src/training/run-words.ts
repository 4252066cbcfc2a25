import type { RunState, RunSummary } from "../../protocol/run.ts";

export interface RunWords {
  /** Name of a codicon. */
  icon: string;
  /** Id of a theme colour for it, where the state deserves one. */
  colour?: string;
  /** `running · iteration 3 of 12 · reward 0.41`. */
  description: string;
  detail: string;
}

const states: Readonly<Record<RunState, { icon: string; words: string; colour?: string }>> = {
  starting: { icon: "sync~spin", words: "starting" },
  running: { icon: "sync~spin", words: "running" },
  paused: { icon: "debug-pause", words: "paused", colour: "charts.yellow" },
  stopping: { icon: "sync~spin", words: "stopping" },
  done: { icon: "pass", words: "done", colour: "charts.green" },
  stopped: { icon: "debug-stop", words: "stopped" },
  failed: { icon: "error", words: "failed", colour: "errorForeground" },
  crashed: { icon: "debug-disconnect", words: "crashed", colour: "errorForeground" },
  damaged: { icon: "warning", words: "damaged", colour: "errorForeground" },
};

/** A training run as a list shows it: icon by its state, and the facts in words. */
export function describeTraining(run: RunSummary): RunWords {
  const { icon, words, colour } = states[run.state];
  const of = run.iterations === undefined ? "" : ` of ${run.iterations}`;
  const facts = [
    words,
    ...(run.iteration > 0 || run.iterations !== undefined ? [`iteration ${run.iteration}${of}`] : []),
    ...(run.reward === undefined ? [] : [`reward ${run.reward.toFixed(2)}`]),
  ];
  const when = new Date(run.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const detail = [
    when,
    run.host ?? "this machine",
    ...(run.stage === undefined ? [] : [`stage ${run.stage}`]),
    ...(run.phase === undefined ? [] : [run.phase]),
    ...(run.bestScore === undefined ? [] : [`best score ${run.bestScore.toFixed(3)}`]),
    `${run.checkpoints} ${run.checkpoints === 1 ? "checkpoint" : "checkpoints"}`,
    ...(run.reason === undefined ? [] : [run.reason]),
  ].join(" · ");
  return { icon, ...(colour === undefined ? {} : { colour }), description: facts.join(" · "), detail };
}

/** What the menus of the tree go by. */
export function contextOf({ state, checkpoints }: Pick<RunSummary, "state" | "checkpoints">): string {
  const life =
    state === "running" || state === "starting"
      ? "running"
      : state === "paused"
        ? "paused"
        : state === "stopping"
          ? "stopping"
          : state === "done"
            ? "done"
            : state === "damaged"
              ? "damaged"
              : "ended";
  // The checkpoints of a damaged run cannot be fetched.
  return `training.${life}${checkpoints > 0 && state !== "damaged" ? ".saved" : ""}`;
}

/** How a run's end is told, as one sentence. */
export function endingSentence({ name, state, reason, iteration, reward }: RunSummary): string {
  const after = `after ${iteration} ${iteration === 1 ? "iteration" : "iterations"}`;
  const why = reason === undefined || reason === "" ? "" : ` ${sentence(reason)}`;
  if (state === "done")
    return `The training run ${name} is done ${after}${reward === undefined ? "" : `, mean reward ${reward.toFixed(2)}`}.${why}`;
  if (state === "stopped") return `The training run ${name} was stopped ${after}.${why}`;
  if (state === "damaged") return `The training run ${name} is damaged.${why}`;
  if (state === "crashed") return `The training run ${name} ended ${after} without saying why.${why}`;
  return `The training run ${name} failed ${after}.${why}`;
}

function sentence(text: string): string {
  const capital = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
