import { ulid } from "ulid";
import type { RolloutEvent } from "../protocol/rollout-events.ts";
import type { Trajectory } from "../protocol/trajectory.ts";
import { composeAnswer } from "./answers/compose.ts";
import type { Folder } from "./home.ts";
import { type Policy, PolicyError } from "./models/policy.ts";
import type { Retriever } from "./retrieval/retriever.ts";
import type { Profile } from "./rollout/profile.ts";
import { runRollout } from "./rollout/rollout.ts";
import type { TrajectoryStore } from "./trajectories/store.ts";

export interface AskRequest {
  /** ULID; made where absent. */
  id?: string;
  question: string;
  /** Policy id; `why` says who chose it. */
  policy: string;
  why: string;
  profile: Profile;
  follows?: Trajectory;
  /** Answers in place of a policy that fails, with a notice. Absent: a failure is the end. */
  fallback?: string;
}

export interface AskServices {
  folders: readonly Folder[];
  retriever: Retriever;
  store: TrajectoryStore;
  openPolicy(id: string): Promise<Policy>;
}

export interface AskWatch {
  signal: AbortSignal;
  onEvent(event: RolloutEvent): void;
}

/**
 * One question from start to stored answer: rollout, answer with verified citations, record on disk at every step.
 * Never throws for a policy or retrieval failure: the trajectory's stop reason and notices say what happened.
 */
export async function ask(request: AskRequest, services: AskServices, watch: AskWatch): Promise<Trajectory> {
  const id = request.id ?? ulid();
  const first = await attempt(id, request, services, watch);
  if (!shouldFallBack(first, request)) {
    watch.onEvent({ type: "done", trajectory: first });
    return first;
  }
  const failure = first.stop?.detail ?? "the policy failed";
  const why = `fallback: ${first.policy.label} failed (${failure})`;
  // The failed attempt is stored under its own id; the question goes on under a fresh one that watchers are shown.
  const { fallback: _, ...rest } = request;
  const second = await attempt(ulid(), { ...rest, policy: request.fallback!, why }, services, watch, [
    `${first.policy.label} did not answer: ${failure} The embedded extractive policy answered instead.`,
  ]);
  watch.onEvent({ type: "done", trajectory: second });
  return second;
}

function shouldFallBack(trajectory: Trajectory, request: AskRequest): boolean {
  return trajectory.stop?.reason === "policy-error" && !!request.fallback && request.fallback !== request.policy;
}

async function attempt(
  id: string,
  request: AskRequest,
  services: AskServices,
  { signal, onEvent }: AskWatch,
  notices: string[] = [],
): Promise<Trajectory> {
  const record = services.store.record(id);
  const emit = (event: RolloutEvent): void => {
    const marked = event.type === "snapshot" ? { ...event, trajectory: withNotices(event.trajectory) } : event;
    record.append(marked);
    onEvent(marked);
  };
  const withNotices = (trajectory: Trajectory): Trajectory => ({
    ...trajectory,
    policy: { ...trajectory.policy, chosen: request.why },
    notices: [...notices, ...trajectory.notices.filter((text) => !notices.includes(text))],
  });

  const policy = await openOrExplain(request.policy, services);
  let trajectory = withNotices(
    await runRollout(
      {
        id,
        question: request.question,
        profile: request.profile,
        policy,
        retriever: services.retriever,
        ...(request.follows ? { follows: request.follows } : {}),
      },
      { signal, onEvent: emit },
    ),
  );
  if (!signal.aborted && trajectory.stop?.reason !== "policy-error") {
    const answer = await composeAnswer(trajectory, request.profile, services.folders);
    emit({ type: "answer", answer });
    trajectory = { ...trajectory, answer };
  }
  await record.finish(trajectory);
  return trajectory;
}

/** A policy that cannot be opened becomes one that fails, so that the failure is recorded like any other. */
async function openOrExplain(id: string, services: AskServices): Promise<Policy> {
  try {
    return await services.openPolicy(id);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return {
      ref: { id, kind: "scripted", label: id },
      form: "text",
      // eslint-disable-next-line require-yield -- it fails before it writes anything
      async *generate() {
        throw error;
      },
    };
  }
}
