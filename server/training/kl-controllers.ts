/**
 * How the KL coefficient moves. `fixed` never does. `adaptive` steers the measured KL towards `target` nats per token: after each
 * iteration the coefficient changes by up to 20 %, scaled by rollouts / horizon (Ziegler et al., arXiv 1909.08593).
 */
export type KlController =
  | { readonly kind: "fixed"; readonly coefficient: number }
  | { readonly kind: "adaptive"; readonly coefficient: number; readonly target: number; readonly horizon: number };

/** A controller for a recipe's numbers. A target of 0 can be missed but not hit in proportion, so it means a fixed coefficient. */
export function klController(coefficient: number, target: number | undefined, horizon: number): KlController {
  return target === undefined || target === 0
    ? { kind: "fixed", coefficient }
    : { kind: "adaptive", coefficient, target, horizon };
}

const largestError = 0.2;

/**
 * The controller after an iteration. Source: `AdaptiveKLController.update` of R1-Searcher, OpenRLHF and Search-R1.
 * An iteration longer than the horizon counts as one horizon: beyond five, the published rule turns the coefficient negative.
 * @param measured mean KL of the iteration, nats per token
 * @param rollouts how many the iteration had (all of them in R1-Searcher, the batch size in Search-R1)
 */
export function updateKl(controller: KlController, measured: number, rollouts: number): KlController {
  if (controller.kind === "fixed") return controller;
  if (!Number.isFinite(measured)) {
    throw new RangeError(`The measured KL is ${measured}: leave rollouts without unmasked tokens out of its mean.`);
  }
  const error = Math.min(largestError, Math.max(-largestError, measured / controller.target - 1));
  const share = Math.min(1, rollouts / controller.horizon);
  return { ...controller, coefficient: controller.coefficient * (1 + error * share) };
}
