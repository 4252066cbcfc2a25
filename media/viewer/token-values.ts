import type { Tokens } from "../../protocol/trajectory.ts";

/** A number that is known of tokens, and how it is to be read. */
export interface Quantity {
  name: QuantityName;
  label: string;
  unit: string;
  /** The value that nothing is shaded at. */
  neutral: number;
  /** One entry a token; null where nothing is known, as at tokens that the policy did not write. */
  values: readonly (number | null | undefined)[];
  /** Distance from neutral that is shaded in full: that of the 99th of a hundred values. */
  reach: number;
}

export type QuantityName = "logprob" | "advantage" | "ratio" | "kl" | "entropy" | "trainer" | "reference";

/** Shades on either side of neutral. */
export const shades = 4;

type Values = Quantity["values"];

/**
 * What is known of these tokens, best known first. The ratio is exp(log π_trainer − log π_sampler) where the record does not hold it; the
 * divergence then is log π − log π_ref, the estimate k1 (J. Schulman, "Approximating KL divergence").
 */
export function quantitiesOf(tokens: Tokens): readonly Quantity[] {
  const { logprobs, trainerLogprobs, referenceLogprobs, advantages, ratios, kl, entropies } = tokens;
  const difference = (a: Values | undefined, b: Values | undefined): Values | undefined =>
    a && b && tokens.ids.map((_, index) => (isNumber(a[index]) && isNumber(b[index]) ? a[index] - b[index] : null));
  const ratio =
    ratios ?? difference(trainerLogprobs, logprobs)?.map((value) => (isNumber(value) ? Math.exp(value) : null));
  const found: [QuantityName, string, string, number, Values | undefined][] = [
    ["logprob", "log-prob", "nats", 0, logprobs],
    ["advantage", "advantage", "", 0, advantages],
    ["ratio", "ratio", "", 1, ratio],
    ["kl", "KL", "nats", 0, kl ?? difference(trainerLogprobs ?? logprobs, referenceLogprobs)],
    ["entropy", "entropy", "nats", 0, entropies],
    ["trainer", "trainer's log-prob", "nats", 0, trainerLogprobs],
    ["reference", "reference log-prob", "nats", 0, referenceLogprobs],
  ];
  return found.flatMap(([name, label, unit, neutral, values]) =>
    values?.some(isNumber) ? [{ name, label, unit, neutral, values, reach: reachOf(values, neutral) }] : [],
  );
}

/** −4 … 4: on which side of neutral a value lies and how far, 0 where it is neutral or unknown. */
export function shadeOf(
  { neutral, reach }: Pick<Quantity, "neutral" | "reach">,
  value: number | null | undefined,
): number {
  if (!isNumber(value) || value === neutral || reach === 0) return 0;
  const share = Math.min(1, Math.abs(value - neutral) / reach);
  return Math.sign(value - neutral) * Math.max(1, Math.ceil(share * shades));
}

/** A value with its unit, or a dash where nothing is known. */
export function valueText({ unit }: Pick<Quantity, "unit">, value: number | null | undefined): string {
  if (!isNumber(value)) return "–";
  const number = Math.abs(value) >= 0.001 || value === 0 ? value.toFixed(4) : value.toExponential(2);
  return [number.replace("-", "−"), unit].filter(Boolean).join(" ");
}

function reachOf(values: Values, neutral: number): number {
  const distances = values.filter(isNumber).map((value) => Math.abs(value - neutral));
  distances.sort((a, b) => a - b);
  return distances[Math.floor((distances.length - 1) * 0.99)] ?? 0;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
