import type { RolloutEvent } from "../../protocol/rollout-events.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Policy } from "../models/policy.ts";
import type { Retriever, SearchOutcome } from "../retrieval/retriever.ts";
import type { Profile } from "./profile.ts";
import { earlierOf, fillPrompt } from "./prompt.ts";
import { RolloutState } from "./rollout-state.ts";
import { deadline, unlessAborted } from "./unless-aborted.ts";
import { endAborted, writeStretch } from "./write-stretch.ts";
import { trajectoryVersion } from "../../protocol/trajectory.ts";

export interface RolloutRequest {
  /** ULID. */
  id: string;
  question: string;
  golds?: readonly string[];
  profile: Profile;
  policy: Policy;
  retriever: Retriever;
  /** The trajectory that this one follows up. */
  follows?: Trajectory;
}

export interface RolloutWatch {
  signal: AbortSignal;
  onEvent(event: RolloutEvent): void;
}

/**
 * Runs one rollout to its end: policy, search, insertion, policy again. Emits every event except `answer` and `done`. Never
 * throws for a failing policy or retriever; the stop reason and its detail say what happened. Cancelling ends it at once with
 * reason "cancelled" and all it had, also where the policy or the retriever does not listen.
 */
export async function runRollout(request: RolloutRequest, watch: RolloutWatch): Promise<Trajectory> {
  const { profile, policy, retriever } = request;
  const started = performance.now();
  const { signal, release } = deadline(watch.signal, profile.limits.seconds * 1000);
  const state = beginRollout(request, watch.onEvent);
  try {
    while (state.step.kind !== "end") {
      if (signal.aborted) endAborted(state, watch.signal, profile);
      else if (state.step.kind === "policy") await writeStretch(state, policy, signal, watch.signal);
      else await searchOnce(state, retriever, state.step.query, signal, watch.signal);
    }
  } finally {
    release();
  }
  state.seconds = (performance.now() - started) / 1000;
  return state.trajectory();
}

/** A rollout at its start; its first event has been told. */
export function beginRollout(request: RolloutRequest, onEvent?: (event: RolloutEvent) => void): RolloutState {
  const { profile, policy, retriever } = request;
  const earlier = request.follows ? earlierOf(request.follows) : undefined;
  const coverage = retriever.coverage();
  const filled = fillPrompt(profile, request.question, earlier);
  return new RolloutState(
    profile,
    policy.renderPrompt?.(filled) ?? filled,
    earlier,
    {
      version: trajectoryVersion,
      id: request.id,
      createdAt: new Date().toISOString(),
      status: "running",
      question: request.question,
      ...(request.golds ? { golds: [...request.golds] } : {}),
      ...(request.follows ? { follows: request.follows.id } : {}),
      profile: profile.name,
      policy: policy.ref,
      sampling: { ...profile.sampling },
      index: { id: retriever.id, folders: [...retriever.folders], ...(coverage ? { coverage } : {}) },
    },
    onEvent,
    policy.tokenizer,
  );
}

async function searchOnce(
  state: RolloutState,
  retriever: Retriever,
  query: string,
  signal: AbortSignal,
  asked: AbortSignal,
): Promise<void> {
  state.searchStarted();
  const outcomes = await unlessAborted(retriever.search([query], state.profile.limits.passages, signal), signal);
  if (!outcomes || signal.aborted) return endAborted(state, asked, state.profile);
  const missing: SearchOutcome = {
    ok: false,
    error: { kind: "bad-response", message: "The retriever answered fewer queries than it was asked; restart it." },
  };
  state.insert(outcomes[0] ?? missing);
}
