import { startNote } from "./annotate.ts";
import { stop } from "./view-model.ts";

/** j, k and the arrows move between segments, Enter folds, n writes a note about the segment, Escape stops a running question. */
export function listenToKeys(root: Document): void {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return stop();
    const target = event.target instanceof Element ? event.target : undefined;
    if (target?.closest("input, textarea, select")) return;
    const onSegment = target?.matches("[data-segment]") === true;
    const step = stepOf(event.key, onSegment);
    if (step !== 0) {
      event.preventDefault();
      move(root, step);
    } else if (event.key === "n" && onSegment) {
      event.preventDefault();
      startNote(Number(target?.getAttribute("data-segment")));
    } else if (event.key === "Enter" && onSegment) {
      event.preventDefault();
      target?.querySelector<HTMLElement>("button[aria-expanded]")?.click();
    }
  });
  // One stop of the tab key for the whole list: the segment that was reached last.
  root.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches("[data-segment]")) return;
    for (const other of root.querySelectorAll<HTMLElement>('[data-segment][tabindex="0"]')) other.tabIndex = -1;
    target.tabIndex = 0;
  });
}

/** Arrows scroll unless a segment itself has the focus. */
function stepOf(key: string, onSegment: boolean): -1 | 0 | 1 {
  if (key === "j" || (onSegment && key === "ArrowDown")) return 1;
  if (key === "k" || (onSegment && key === "ArrowUp")) return -1;
  return 0;
}

function move(root: Document, step: -1 | 1): void {
  const segments = [...root.querySelectorAll<HTMLElement>("[data-segment]")].filter(
    (segment) => segment.offsetParent !== null,
  );
  const at = segments.findIndex((segment) => segment.contains(root.activeElement));
  const next = at === -1 ? (step === 1 ? 0 : segments.length - 1) : at + step;
  segments[Math.max(0, Math.min(segments.length - 1, next))]?.focus();
}
