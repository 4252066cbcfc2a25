import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Retriever, SearchOutcome } from "../retrieval/retriever.ts";
import type { RolloutState } from "./rollout-state.ts";
import { type RolloutRequest, beginRollout } from "./rollout.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { endAborted, writeStretch } from "./write-stretch.ts";

export interface ScheduleOptions {
  /** Stretches in flight at once. */
  concurrency: number;
  signal: AbortSignal;
  onEvent?(rollout: number, event: RolloutEvent): void;
  /** Told as each rollout ends, in the order of ending. */
  onEnd?(rollout: number, trajectory: Trajectory): void;
}

interface Live {
  index: number;
  request: RolloutRequest;
  state: RolloutState;
  started: number;
  deadline: AbortSignal;
}

/**
 * Runs many rollouts turn by turn, as the reference program does: every live one writes a stretch, then all queries of the turn
 * go to their retriever in one call, equal queries asked once. Answers the trajectories in the order of the requests.
 * One that fails ends by itself; cancelling ends all that live. `onEvent` costs a copy of each text change: leave it
 * out where nobody watches.
 */
export async function runRollouts(requests: readonly RolloutRequest[], options: ScheduleOptions): Promise<Trajectory[]> {
  const { concurrency, signal, onEvent, onEnd } = options;
  const done: Trajectory[] = [];
  let live = requests.map((request, index): Live => {
    const limit = Math.min(request.profile.limits.seconds * 1000, 2 ** 31 - 1);
    const state = beginRollout(request, (event) => onEvent?.(index, event));
    return { index, request, state, started: performance.now(), deadline: AbortSignal.any([signal, AbortSignal.timeout(limit)]) };
  });
  while (live.length > 0) {
    await inParallel(live, concurrency, (rollout) => takeStretch(rollout, signal));
    await searchTurn(live, signal);
    live = live.filter((rollout) => {
      if (rollout.state.step.kind !== "end") return true;
      rollout.state.seconds = (performance.now() - rollout.started) / 1000;
      const trajectory = rollout.state.trajectory();
      done[rollout.index] = trajectory;
      onEnd?.(rollout.index, trajectory);
      return false;
    });
  }
  return done;
}

async function takeStretch({ state, request, deadline }: Live, asked: AbortSignal): Promise<void> {
  if (deadline.aborted) return endAborted(state, asked, request.profile);
  if (state.step.kind === "policy") await writeStretch(state, request.policy, deadline, asked);
}

/** One call for each retriever and number of passages; rollouts of one group share both. */
async function searchTurn(live: readonly Live[], signal: AbortSignal): Promise<void> {
  const batches = new Map<Retriever, Map<number, Map<string, Live[]>>>();
  for (const rollout of live) {
    const { step } = rollout.state;
    if (step.kind !== "search") continue;
    if (rollout.deadline.aborted) {
      endAborted(rollout.state, signal, rollout.request.profile);
      continue;
    }
    rollout.state.searchStarted();
    const { retriever, profile } = rollout.request;
    const sizes = entry(batches, retriever, () => new Map<number, Map<string, Live[]>>());
    const queries = entry(sizes, profile.limits.passages, () => new Map<string, Live[]>());
    entry(queries, step.query, () => []).push(rollout);
  }
  const calls = [...batches].flatMap(([retriever, sizes]) => [...sizes].map(([passages, queries]) => ({ retriever, passages, queries })));
  await Promise.all(
    calls.map(async ({ retriever, passages, queries }) => {
      const last = lastDeadline([...queries.values()].flat());
      const outcomes = await unlessAborted(retriever.search([...queries.keys()], passages, last), last);
      for (const [at, askers] of [...queries.values()].entries()) {
        for (const [nth, { state, request }] of askers.entries()) {
          if (!outcomes || signal.aborted) endAborted(state, signal, request.profile);
          else state.insert(shared(outcomes[at], nth));
        }
      }
    }),
  );
}

/** All began at once, so the one with the most seconds is out of time last: a call serves as long as anyone can use it. */
function lastDeadline(askers: readonly Live[]): AbortSignal {
  return askers.reduce((last, asker) => (asker.request.profile.limits.seconds > last.request.profile.limits.seconds ? asker : last)).deadline;
}

const fewer: SearchOutcome = {
  ok: false,
  error: { kind: "bad-response", message: "The retriever answered fewer queries than it was asked; restart it." },
};

/** A result that several rollouts asked for was searched once: the first pays for it, the others had it at hand. */
function shared(outcome: SearchOutcome | undefined, nth: number): SearchOutcome {
  if (!outcome?.ok || nth === 0) return outcome ?? fewer;
  return { ...outcome, seconds: 0, cached: true };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, lane));
}
