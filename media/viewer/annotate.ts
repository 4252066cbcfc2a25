import { signal } from "@preact/signals";
import type { AnnotationChange, NotedSpan } from "../../protocol/annotations.ts";
import { segmentText } from "../../protocol/masks.ts";
import { send } from "./host.ts";
import { annotations, onOther, shownKey, trajectory } from "./view-model.ts";

/** A note that is being written: a fresh one, or one that is changed. */
export interface Draft {
  note: string | undefined;
  text: string;
  span: NotedSpan | undefined;
}

/** What the person is writing, if anything. */
export const writing = signal<{ kind: "tag" } | { kind: "note"; draft: Draft } | undefined>(undefined);
/** What had the keyboard before. */
let before: Element | null = null;

onOther(() => (writing.value = undefined));

/** Whether something can be said of the shown trajectory: it is kept somewhere. */
export function canAnnotate(): boolean {
  return annotations.value !== undefined;
}

/** Says something of the shown trajectory; the host writes it down and tells what is said then. */
export function annotate(change: AnnotationChange): void {
  const shown = trajectory.peek();
  if (shown) send("annotate", { ...named(shown.id), change });
}

/** Adds the shown trajectory to a file that the host asks for. */
export function collect(into: "evaluation" | "tests"): void {
  const shown = trajectory.peek();
  if (shown) send("collect", { ...named(shown.id), into });
}

function named(trajectoryId: string): { trajectoryId: string; key?: number } {
  const key = shownKey.peek();
  return { trajectoryId, ...(key === undefined ? {} : { key }) };
}

/** Opens the form for a note about a segment, or about the whole trajectory where none is given. */
export function startNote(segment?: number): void {
  if (annotations.peek() === undefined) return;
  const of = segment === undefined ? undefined : trajectory.peek()?.segments[segment];
  write({ note: undefined, text: "", span: of && { start: of.start, end: of.end } });
}

/** Opens the form for a note about the words that are selected in the transcript, or about the whole where none are. */
export function startNoteOnSelection(): void {
  write({ note: undefined, text: "", span: selectedSpan() });
}

export function write(draft: Draft): void {
  begin({ kind: "note", draft });
}

export function startTag(): void {
  begin({ kind: "tag" });
}

/** Closes the form and gives the keyboard back to where it was. */
export function stopWriting(): void {
  writing.value = undefined;
  if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
}

function begin(what: typeof writing.value): void {
  if (writing.peek() === undefined) before = document.activeElement;
  writing.value = what;
}

/** The selected words as a span of the text: their segment where they are not drawn there word for word. */
function selectedSpan(): NotedSpan | undefined {
  const selection = document.getSelection();
  const words = selection?.toString().trim() ?? "";
  const [from, to] = [selection?.anchorNode, selection?.focusNode].map((node) =>
    (node instanceof Element ? node : node?.parentElement)?.closest<HTMLElement>("[data-segment]"),
  );
  if (words === "" || !from || from !== to) return undefined;
  const shown = trajectory.peek();
  const segment = shown?.segments[Number(from.dataset["segment"])];
  if (!shown || !segment) return undefined;
  const at = segmentText(shown, segment).indexOf(words);
  if (at < 0) return { start: segment.start, end: segment.end };
  return { start: segment.start + at, end: segment.start + at + words.length };
}
