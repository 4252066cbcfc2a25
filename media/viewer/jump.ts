import type { Segment } from "../../protocol/trajectory.ts";
import { segmentLabel } from "./wording.ts";
import { chooseSpan, open, setTokens, tokensShown, trajectory } from "./view-model.ts";

/**
 * Brings a span of the trajectory's text into sight and marks it: unfolds what hides it, scrolls to it and moves the keyboard
 * there. Where the text of its segment is not drawn word for word, the segment itself is gone to.
 */
export function jumpTo(id: string, start: number): void {
  const segments = trajectory.peek()?.segments ?? [];
  const index = segmentAt(segments, start);
  const segment = segments[index];
  if (segment) for (const fold of foldsOver(segment, index)) open(fold);
  if (tokensShown.peek()) setTokens(false);
  chooseSpan(id);
  requestAnimationFrame(() => {
    const mark = [...document.querySelectorAll<HTMLElement>("mark[data-spans]")].find((element) =>
      element.dataset["spans"]?.split(" ").includes(id),
    );
    const item = document.querySelector<HTMLElement>(`[data-segment="${index}"]`);
    (mark ?? item)?.scrollIntoView({ block: "center" });
    (mark?.closest<HTMLElement>("[data-segment]") ?? item)?.focus({ preventScroll: true });
  });
}

/** Index of the segment that holds a place of the text; the last that begins before it where it lies behind the end. */
export function segmentAt(segments: readonly Pick<Segment, "start" | "end">[], place: number): number {
  const inside = segments.findIndex(({ start, end }) => place >= start && place < end);
  return inside >= 0 ? inside : segments.findLastIndex(({ start }) => start <= place);
}

function foldsOver({ kind, origin }: Segment, index: number): string[] {
  if (origin === "environment") return [`documents:${index}`, `documents:${index}:all`];
  if (kind === "prompt") return ["prompt", "prompt-text:all"];
  return kind === "answer" ? ["written"] : [];
}

/** Where a span of the shown trajectory lies, for a reader: the segment and its turn. */
export function placeWords({ start }: { start: number }): string {
  const segments = trajectory.value?.segments ?? [];
  const segment = segments[segmentAt(segments, start)];
  return segment ? `${segmentLabel(segment)}, turn ${segment.turn + 1}` : "a place that is not there";
}
