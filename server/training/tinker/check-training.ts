import { type Adam, type EngineCapabilities, EngineError, type EngineLoss, type TrainingSequence } from "../engine.ts";
import { checkIds } from "./check-sampling.ts";

/** Below this an old log-prob overflows in the ratio: exp(−lowest − 8) is beyond float32. */
export const lowestLogprob = -80;

function refuse(message: string): never {
  throw new EngineError("invalid", message);
}

/**
 * Refuses sequences that would spoil the adapter, hang the engine, or be trained on as something else: no sequences, fewer than two
 * tokens, arrays of other lengths, ids out of range, more tokens than the model reads, negative weights or ones that are no
 * numbers, old log-probs that are no numbers or below −80 at a token that is trained on.
 * @param loss absent for a forward pass, which looks at the ids alone
 * @throws EngineError of kind "invalid"
 */
export function checkTraining(
  sequences: readonly TrainingSequence[],
  loss: EngineLoss | undefined,
  capabilities: EngineCapabilities,
): void {
  if (sequences.length === 0)
    refuse("There is no sequence to send; an engine never answers an empty batch, so leave the call out.");
  for (const [at, sequence] of sequences.entries()) {
    const { ids, weights } = sequence;
    const what = `Sequence ${at}`;
    if (ids.length < 2) refuse(`${what} has ${ids.length} tokens; at least 2 are needed to predict one.`);
    if (ids.length > capabilities.contextLength)
      refuse(
        `${what} has ${ids.length} tokens, but the model reads ${capabilities.contextLength}; shorten or drop it.`,
      );
    checkIds(ids, what, capabilities);
    if (weights.length !== ids.length)
      refuse(`${what} has ${weights.length} weights for ${ids.length} tokens; give one per token.`);
    if (!loss) continue;
    let trained = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (!Number.isFinite(weight) || weight < 0)
        refuse(
          `${what} has the weight ${weight} at token ${i}; weights are numbers from 0 on, signs go into advantages.`,
        );
      if (i > 0 && weight > 0) trained++;
    }
    if (trained === 0 && !sequence.padding)
      refuse(
        `${what} has no token that is trained on, yet engines count it in their mean; drop it, or mark it as padding.`,
      );
    if (loss.kind !== "cross-entropy") checkPolicyRow(sequence, what);
  }
}

/** The arrays of policy-gradient losses; engines take missing ones for zeros and train nothing. */
function checkPolicyRow({ ids, weights, advantages, logprobs }: TrainingSequence, what: string): void {
  if (!advantages) refuse(`${what} has no advantages; only cross-entropy goes without.`);
  if (!logprobs) refuse(`${what} has no old log-probs; only cross-entropy goes without.`);
  if (advantages.length !== ids.length)
    refuse(`${what} has ${advantages.length} advantages for ${ids.length} tokens; give one per token.`);
  if (logprobs.length !== ids.length)
    refuse(`${what} has ${logprobs.length} old log-probs for ${ids.length} tokens; give one per token.`);
  for (let i = 1; i < ids.length; i++) {
    if (weights[i] === 0) continue;
    if (!Number.isFinite(advantages[i]))
      refuse(`${what} has the advantage ${advantages[i]} at token ${i}; drop that rollout.`);
    if (!(logprobs[i]! >= lowestLogprob && logprobs[i]! <= 1e-3))
      refuse(
        `${what} has the old log-prob ${logprobs[i]} at token ${i}, which would spoil the weights; drop that rollout.`,
      );
  }
}

/**
 * Refuses an optimiser's constants that would spoil the weights.
 * @throws EngineError of kind "invalid"
 */
export function checkAdam({ learningRate, beta1, beta2, epsilon, weightDecay }: Adam): void {
  const fits = (value: number, ok: boolean): boolean => Number.isFinite(value) && ok;
  if (
    fits(learningRate, learningRate >= 0) &&
    fits(beta1, beta1 >= 0 && beta1 < 1) &&
    fits(beta2, beta2 >= 0 && beta2 < 1) &&
    fits(epsilon, epsilon > 0) &&
    fits(weightDecay, weightDecay >= 0)
  )
    return;
  refuse(
    "The optimiser's constants are out of range: the learning rate and the weight decay are 0 or more, epsilon is more than 0, the betas are from 0 to below 1.",
  );
}
