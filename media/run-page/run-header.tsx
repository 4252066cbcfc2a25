import type { RunAction, RunState } from "../../protocol/run.ts";
import { isLive } from "../../protocol/run-state.ts";
import { send } from "../viewer/host.ts";
import { Icon } from "../viewer/icon.tsx";
import { count, points } from "../viewer/wording.ts";
import { show } from "./chart-plan.ts";
import { facts, picture } from "./model.ts";

const icons: Readonly<Record<RunState, string>> = {
  starting: "loading",
  running: "sync",
  paused: "debug-pause",
  stopping: "sync",
  done: "pass",
  stopped: "debug-stop",
  failed: "error",
  crashed: "debug-disconnect",
  damaged: "warning",
};

/** A crash leaves no event: only the list, which looks at the process, knows of it. */
export function stateOf(): RunState {
  const told = picture.value.state;
  const listed = facts.value?.summary.state;
  return listed === "crashed" && isLive(told) ? "crashed" : told;
}

/** Name, state, progress and spending in sight, with the buttons that steer the run. */
export function RunHeader() {
  const { summary, restricted } = facts.value!;
  const state = stateOf();
  const { reason } = picture.value;
  const spins = state === "running" || state === "starting" || state === "stopping";
  return (
    <header class="run-header">
      <div class="run-title">
        <h1>{summary.name}</h1>
        <span class={`run-state run-${state}`}>
          <Icon name={icons[state]} spin={spins} /> {state}
        </span>
        <span class="dim">{summary.host ?? "this machine"}</span>
        <Buttons state={state} />
      </div>
      {(reason ?? summary.reason) !== undefined && !spins && <p class="reason">{reason ?? summary.reason}</p>}
      {restricted !== undefined && <p class="dim">{restricted}</p>}
      <Progress state={state} />
    </header>
  );
}

interface Button {
  action: RunAction;
  icon: string;
  label: string;
}

function buttonsOf(state: RunState): Button[] {
  const pause: Button = { action: "pause", icon: "debug-pause", label: "Pause" };
  const resume: Button = { action: "resume", icon: "debug-continue", label: "Resume" };
  const checkpoint: Button = { action: "checkpoint", icon: "save", label: "Checkpoint" };
  const stop: Button = { action: "stop", icon: "debug-stop", label: "Stop" };
  if (state === "running") return [pause, checkpoint, stop];
  if (state === "paused") return [resume, checkpoint, stop];
  if (state === "starting") return [stop];
  return state === "stopped" || state === "failed" || state === "crashed" ? [resume] : [];
}

function Buttons({ state }: { state: RunState }) {
  return (
    <span class="run-buttons">
      {buttonsOf(state).map(({ action, icon, label }) => (
        <button
          key={action}
          type="button"
          class="button secondary"
          disabled={facts.value?.restricted !== undefined}
          onClick={() => send("act", { action })}
        >
          <Icon name={icon} /> {label}
        </button>
      ))}
    </span>
  );
}

/** How far the plan is done, what is being done, and what it took so far. */
function Progress({ state }: { state: RunState }) {
  const { plan, phase, rollouts, training, supervised, spending, bestEvaluation } = picture.value;
  const { summary } = facts.value!;
  const done = Math.max(training.x.length === 0 ? 0 : training.x.at(-1)! + 1, summary.iteration);
  const of = plan?.iterations ?? summary.iterations;
  const step = supervised.x.at(-1) ?? 0;
  const reward = training.metrics["reward/mean"]?.at(-1) ?? training.metrics["reward"]?.at(-1) ?? summary.reward;
  const parts = [
    of === undefined ? count(done, "iteration") : `iteration ${done} of ${of}`,
    // What is over is not told as if it was going on.
    ...(plan && done === 0 && step < plan.supervisedSteps
      ? [`supervised step ${step} of ${plan.supervisedSteps}`]
      : []),
    ...(phase && isLive(state)
      ? [`stage ${phase.stage}`, phase.status === "end" ? `${phase.phase} done` : phase.phase]
      : []),
    ...(rollouts && rollouts.done < rollouts.total && isLive(state)
      ? [`${rollouts.done} of ${count(rollouts.total, "rollout")}`]
      : []),
    ...(reward === undefined || reward === null ? [] : [`reward ${points(reward)}`]),
    ...(bestEvaluation === undefined ? [] : [`best evaluation at iteration ${bestEvaluation}`]),
  ];
  return (
    <>
      {of !== undefined && of > 0 && (
        <div
          class="progress"
          role="progressbar"
          aria-label="Iterations"
          aria-valuemin={0}
          aria-valuemax={of}
          aria-valuenow={Math.min(done, of)}
        >
          <i style={{ width: `${Math.min(100, (100 * done) / of)}%` }} />
          {stageMarks(plan?.stages ?? [], of).map((share) => (
            <b key={share} style={{ left: `${share * 100}%` }} />
          ))}
        </div>
      )}
      <p class="facts numeric">{parts.join(" · ")}</p>
      {spending && (
        <p class="dim numeric">
          {[
            `${show(spending.policyTokens)} tokens sampled`,
            `${show(spending.trainedTokens)} trained`,
            count(spending.searches, "search", "searches"),
            clock(spending.seconds),
            ...(spending.money > 0 ? [`cost ${spending.money.toFixed(2)}`] : []),
          ].join(" · ")}
        </p>
      )}
    </>
  );
}

/** Where one stage ends and the next begins, as shares of all iterations. */
function stageMarks(stages: readonly { iterations: number }[], of: number): number[] {
  let sum = 0;
  return stages.slice(0, -1).map(({ iterations }) => (sum += iterations) / of);
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
