import { sizesOf, stripOf } from "./blocks.ts";
import { MaskedSwitch } from "./masked-switch.tsx";
import { trajectory } from "./view-model.ts";
import { count } from "./wording.ts";

/** The trajectory's length at a glance, solid where the policy wrote and hatched where text is masked. */
export function Strip() {
  const segments = trajectory.value?.segments ?? [];
  const { unit, policy, environment, maskedShare } = sizesOf(segments);
  const percent = Math.round(maskedShare * 100);
  const words = `${count(policy, unit)} by the policy, ${count(environment, unit)} masked (${percent} %)`;
  return (
    <section class="strip-part" aria-label="Shares">
      <div class="strip" role="img" aria-label={words}>
        {stripOf(segments).map(({ segment, length }, index) => (
          <i key={index} class={`bar-${segment.origin} bar-${segment.kind}`} style={{ flexGrow: length }} />
        ))}
      </div>
      <div class="legend">
        <span class="dim">
          <i class="key bar-policy" /> {count(policy, `policy ${unit}`)} · <i class="key bar-environment" />{" "}
          {count(environment, `masked ${unit}`)} <span class="unbroken">({percent} %)</span>
        </span>
        <MaskedSwitch />
      </div>
    </section>
  );
}
