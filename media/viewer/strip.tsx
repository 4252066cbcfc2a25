import { originCounts } from "../../protocol/masks.ts";
import { ViewerState } from "../../protocol/viewer-messages.ts";
import { stripOf } from "./blocks.ts";
import { masked, setMasked, trajectory } from "./view-model.ts";
import { count } from "./wording.ts";

const modes: Readonly<Record<ViewerState["masked"], string>> = {
  show: "Masked: show",
  dim: "Masked: dim",
  hide: "Masked: hide",
  only: "Masked: only",
};

/** The trajectory's length at a glance, solid where the policy wrote and hatched where text is masked. */
export function Strip() {
  const segments = trajectory.value?.segments ?? [];
  const { policy, environment, maskedShare } = originCounts(segments);
  const percent = Math.round(maskedShare * 100);
  const words = `${count(policy, "character")} by the policy, ${count(environment, "character")} masked (${percent} %)`;
  return (
    <section class="strip-part" aria-label="Shares">
      <div class="strip" role="img" aria-label={words}>
        {stripOf(segments).map(({ segment, length }, index) => (
          <i key={index} class={`bar-${segment.origin} bar-${segment.kind}`} style={{ flexGrow: length }} />
        ))}
      </div>
      <div class="legend">
        <span class="dim">
          {policy.toLocaleString("en")} policy · {environment.toLocaleString("en")} masked ({percent} %)
        </span>
        <select
          aria-label="Masked text"
          value={masked.value}
          onChange={(event) => setMasked(ViewerState.shape.masked.parse(event.currentTarget.value))}
        >
          {Object.entries(modes).map(([mode, label]) => (
            <option key={mode} value={mode}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </section>
  );
}
