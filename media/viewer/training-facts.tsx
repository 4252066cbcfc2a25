import type { TrainingPlace } from "../../protocol/trajectory.ts";
import { points, signed } from "./wording.ts";

/** What the update made of a rollout: where it stands in its run and group, its advantage, and what its divergence cost. */
export function TrainingFacts({ training }: { training: TrainingPlace }) {
  return (
    <dl class="facts-list numeric" aria-label="Training">
      {trainingFacts(training).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Labels and values of what is known; nothing is made up for what is not. */
export function trainingFacts(training: TrainingPlace): [label: string, value: string][] {
  const { step, stage, group, sample, groupSize, groupMean, rank, advantage, kl, klCoefficient } = training;
  const facts: [string, string | undefined][] = [
    ["Advantage", advantage === undefined ? undefined : signed(advantage, 3)],
    ["Group mean", groupMean === undefined ? undefined : points(groupMean)],
    ["Rank in group", rank === undefined ? undefined : of(rank, groupSize)],
    ["KL", kl === undefined ? undefined : `${signed(kl, 4)} nats`],
    ["KL cost", kl === undefined || klCoefficient === undefined ? undefined : signed(-kl * klCoefficient, 5)],
    ["Step", step === undefined ? undefined : [step, stage].filter((part) => part !== undefined).join(", ")],
    ["Rollout", sample === undefined ? undefined : of(sample + 1, groupSize)],
    ["Group", group],
  ];
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]));
}

function of(number: number, size: number | undefined): string {
  return size === undefined ? `${number}` : `${number} of ${size}`;
}
