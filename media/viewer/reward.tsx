import type { RewardComponent } from "../../protocol/reward.ts";
import type { BrokenRule } from "./broken-rules.ts";
import { Icon } from "./icon.tsx";
import { jumpTo } from "./jump.ts";
import { TrainingFacts } from "./training-facts.tsx";
import { broken, chosenSpan, reward, trajectory } from "./view-model.ts";
import { points } from "./wording.ts";

/** The reward as a sum: total, components around a zero line, and under each the rules it lost to; then what training made of it. */
export function RewardTable() {
  const shown = reward.value;
  const training = trajectory.value?.training;
  if (!shown && !training) return null;
  return (
    <section class="reward" aria-label="Reward">
      {shown && (
        <>
          <h2>
            Reward <span class="total numeric">{points(shown.total)}</span> <span class="dim">{shown.profile}</span>
          </h2>
          {trajectory.value?.reward === undefined && (
            <p class="dim">Worked out from the gold answers; the record holds no reward of its own.</p>
          )}
          <table class="numeric">
            <thead>
              <tr>
                <th scope="col">Component</th>
                <th scope="col">Value × weight</th>
                <th scope="col">Points</th>
              </tr>
            </thead>
            {shown.components.map((component, index) => (
              <ComponentRows key={index} component={component} index={index} largest={largestOf(shown.components)} />
            ))}
          </table>
        </>
      )}
      {training && <TrainingFacts training={training} />}
    </section>
  );
}

function ComponentRows({ component, index, largest }: { component: RewardComponent; index: number; largest: number }) {
  const { name, value, weight } = component;
  const lost = broken.value.filter(({ id }) => id.startsWith(`rule-${index}-`));
  return (
    <tbody>
      <tr>
        <th scope="row">{name}</th>
        <td>
          {points(value)} × {weight}
        </td>
        <td>
          <PointsBar value={value * weight} largest={largest} />
          {points(value * weight)}
        </td>
      </tr>
      {lost.map((rule) => (
        <tr key={rule.id} class="violation">
          <td colSpan={2}>
            <RuleButton rule={rule} />
          </td>
          <td>{points(rule.points)}</td>
        </tr>
      ))}
    </tbody>
  );
}

/** A broken rule; choosing it goes to the text that broke it. */
function RuleButton({ rule: { id, violation } }: { rule: BrokenRule }) {
  return (
    <button
      type="button"
      class="rule"
      aria-pressed={chosenSpan.value === id}
      title="Go to the text that broke it"
      onClick={() => jumpTo(id, violation.start)}
    >
      <Icon name="warning" /> {violation.rule}: {violation.message}
      {violation.start === violation.end && <span class="dim"> (something is missing there)</span>}
    </button>
  );
}

/** A bar from the zero line in the middle, to the right for gains and to the left for losses. */
export function PointsBar({ value, largest }: { value: number; largest: number }) {
  const share = largest === 0 ? 0 : Math.min(1, Math.abs(value) / largest) / 2;
  const style = { width: `${share * 100}%`, left: `${(value < 0 ? 0.5 - share : 0.5) * 100}%` };
  return (
    <span class="points-bar" aria-hidden="true">
      <i class={value < 0 ? "loss" : "gain"} style={style} />
    </span>
  );
}

/** The largest component by size, for bars that can be compared. */
export function largestOf(components: readonly RewardComponent[]): number {
  return Math.max(0, ...components.map(({ value, weight }) => Math.abs(value * weight)));
}
