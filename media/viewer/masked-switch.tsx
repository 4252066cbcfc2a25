import { ViewerState } from "../../protocol/viewer-messages.ts";
import { masked, setMasked } from "./view-model.ts";

const modes: Readonly<Record<ViewerState["masked"], string>> = {
  show: "Masked: show",
  dim: "Masked: dim",
  hide: "Masked: hide",
  only: "Masked: only",
};

/** How text that is not trained on is drawn: as it is, dimmed, not at all, or alone. */
export function MaskedSwitch() {
  return (
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
  );
}
