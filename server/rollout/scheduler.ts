import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Retriever, SearchOutcome } from "../retrieval/retriever.ts";
import type { RolloutState } from "./rollout-state.ts";
import { type RolloutRequest, beginRollout } from "./rollout.ts";
import { deadline, unlessAborted } from "./unless-aborted.ts";
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
  /** Milliseconds of its own stretches and searches: waiting for the others of a turn costs a rollout nothing. */
  spent: number;
}

/**
 * Runs many rollouts turn by turn, as the reference program does: every live one writes a stretch, then all queries of the turn
 * go to their retriever in one call, equal queries asked once. Answers the trajectories in the order of the requests.
 * One that fails ends by itself; cancelling ends all that live. `onEvent` costs a copy of each text change: leave it
 * out where nobody watches.
 */
export async function runRollouts(
  requests: readonly RolloutRequest[],
  options: ScheduleOptions,
): Promise<Trajectory[]> {
  const { concurrency, signal, onEvent, onEnd } = options;
  const done: Trajectory[] = [];
  let live = requests.map((request, index): Live => {
    const state = beginRollout(request, onEvent && ((event) => onEvent(index, event)));
    return { index, request, state, spent: 0 };
  });
  while (live.length > 0) {
    await inParallel(live, concurrency, (rollout) => takeStretch(rollout, signal));
    await searchTurn(live, signal);
    live = live.filter((rollout) => {
      if (rollout.state.step.kind !== "end") return true;
      rollout.state.seconds = rollout.spent / 1000;
      const trajectory = rollout.state.trajectory();
      done[rollout.index] = trajectory;
      onEnd?.(rollout.index, trajectory);
      return false;
    });
  }
  return done;
}

async function takeStretch(rollout: Live, asked: AbortSignal): Promise<void> {
  const { state, request } = rollout;
  if (state.step.kind !== "policy") return;
  const left = millisecondsLeft(rollout);
  if (left <= 0 || asked.aborted) return endAborted(state, asked, request.profile);
  const began = performance.now();
  const { signal, release } = deadline(asked, left);
  try {
    await writeStretch(state, request.policy, signal, asked);
  } finally {
    release();
  }
  rollout.spent += performance.now() - began;
}

function millisecondsLeft({ request, spent }: Live): number {
  return request.profile.limits.seconds * 1000 - spent;
}

/** One call for each retriever and number of passages; rollouts of one group share both. */
async function searchTurn(live: readonly Live[], signal: AbortSignal): Promise<void> {
  const batches = new Map<Retriever, Map<number, Map<string, Live[]>>>();
  for (const rollout of live) {
    const { step } = rollout.state;
    if (step.kind !== "search") continue;
    if (signal.aborted || millisecondsLeft(rollout) <= 0) {
      endAborted(rollout.state, signal, rollout.request.profile);
      continue;
    }
    rollout.state.searchStarted();
    const { retriever, profile } = rollout.request;
    const sizes = entry(batches, retriever, () => new Map<number, Map<string, Live[]>>());
    const queries = entry(sizes, profile.limits.passages, () => new Map<string, Live[]>());
    entry(queries, step.query, () => []).push(rollout);
  }
  const calls = [...batches].flatMap(([retriever, sizes]) =>
    [...sizes].map(([passages, queries]) => ({ retriever, passages, queries })),
  );
  await Promise.all(
    calls.map(async ({ retriever, passages, queries }) => {
      // A call serves as long as anyone of its askers has time.
      const last = deadline(signal, Math.max(...[...queries.values()].flat().map(millisecondsLeft)));
      const began = performance.now();
      const search = retriever.search([...queries.keys()], passages, last.signal);
      const outcomes = await unlessAborted(search, last.signal).finally(last.release);
      const took = performance.now() - began;
      for (const [at, askers] of [...queries.values()].entries()) {
        for (const [nth, rollout] of askers.entries()) {
          rollout.spent += took;
          if (!outcomes || signal.aborted) endAborted(rollout.state, signal, rollout.request.profile);
          else rollout.state.insert(shared(outcomes[at], nth));
        }
      }
    }),
  );
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
