import { type Policy, type PolicyChunk, PolicyError, type PolicyFinish } from "../models/policy.ts";
import type { Profile } from "./profile.ts";
import type { RolloutState } from "./rollout-state.ts";
import { withStops } from "./stop-strings.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Has the policy write one stretch and the state decide what follows. Known failures become the rollout's end. */
export async function writeStretch(
  state: RolloutState,
  policy: Policy,
  signal: AbortSignal,
  asked: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const turn = state.policyTurn();
  try {
    const stream = policy.generate(turn, signal);
    // An engine that samples ids stops by itself, and its ids hold the stop string.
    const written = policy.tokenizer
      ? take(stream, state, signal, (chunk) => writeSampled(state, chunk))
      : take(withStops(stream, turn.stops), state, signal, ({ text }) => state.write(text));
    const finish = await unlessAborted(written, signal);
    if (signal.aborted) return endAborted(state, asked, state.profile);
    if (finish) state.finishStretch(finish, (performance.now() - began) / 1000);
  } catch (error) {
    if (signal.aborted) return endAborted(state, asked, state.profile);
    if (!(error instanceof PolicyError)) throw error;
    if (error.kind === "cancelled") state.end("cancelled");
    else state.end("policy-error", error.message);
  }
}

/** Takes chunks until the policy ends its stretch; undefined where the rollout ended meanwhile, which closes the stream. */
async function take(
  stream: AsyncGenerator<PolicyChunk, PolicyFinish>,
  state: RolloutState,
  signal: AbortSignal,
  write: (chunk: PolicyChunk) => void,
): Promise<PolicyFinish | undefined> {
  for (;;) {
    const step = await stream.next();
    if (step.done) return step.value;
    if (!signal.aborted) write(step.value);
    if (!signal.aborted && state.step.kind !== "end") continue;
    await stream.return({ reason: "length" });
    return undefined;
  }
}

/** Ids that are none, or a log-probability that is no number, would spoil every batch that they are trained in. */
function writeSampled(state: RolloutState, { ids = [], logprobs }: PolicyChunk): void {
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 0)) {
    throw new PolicyError("bad-response", "The policy sampled a token id that is no whole number; restart its engine.");
  }
  if (logprobs && logprobs.length !== ids.length) {
    throw new PolicyError(
      "bad-response",
      `The policy gave ${logprobs.length} log-probabilities for ${ids.length} tokens; restart its engine.`,
    );
  }
  if (logprobs?.some((logprob) => !Number.isFinite(logprob))) {
    throw new PolicyError(
      "bad-response",
      "The policy gave a log-probability that is no finite number; lower its learning rate or restart its engine.",
    );
  }
  state.writeIds(ids, logprobs);
}

/** Ends a rollout whose signal fired: cancelled by who asked, else out of time. */
export function endAborted(state: RolloutState, asked: AbortSignal, profile: Profile): void {
  if (asked.aborted) state.end("cancelled");
  else state.end("time-limit", `The rollout took longer than ${profile.limits.seconds} seconds.`);
}
