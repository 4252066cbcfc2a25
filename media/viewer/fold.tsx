import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";
import { isOpen, toggle } from "./view-model.ts";

interface FoldProps {
  /** Names the fold within its trajectory, so that it stays as it was set. */
  id: string;
  label: ComponentChildren;
  /** Right of the label, outside the button. */
  aside?: ComponentChildren;
  open?: boolean;
  children: ComponentChildren;
}

/** A heading that shows and hides what is under it. What is hidden is not drawn. */
export function Fold({ id, label, aside, open = false, children }: FoldProps) {
  const shown = isOpen(id, open);
  return (
    <div class="fold">
      <div class="fold-row">
        <button type="button" class="fold-button" aria-expanded={shown} data-fold onClick={() => toggle(id)}>
          <Icon name={shown ? "chevron-down" : "chevron-right"} />
          <span class="fold-label">{label}</span>
        </button>
        {aside}
      </div>
      {shown && children}
    </div>
  );
}
