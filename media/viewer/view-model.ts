import { computed, signal } from "@preact/signals";
import type { ViewerState } from "../../protocol/viewer-messages.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { type HostMessage, savedState, saveState, send } from "./host.ts";
import { firstView, receive } from "./state.ts";

/** The one state of the view: what the host said, and what the person set. Components read the signals they draw. */
export const view = signal(firstView);

const saved = savedState();
export const masked = signal<ViewerState["masked"]>(saved.masked);
/** Ids of the parts that the person folded or unfolded against their default. */
const toggled = signal<ReadonlySet<string>>(new Set(saved.folded));
let toggledIn = saved.trajectoryId;

export const trajectory = computed(() => view.value.trajectory);
export const answer = computed(() => trajectory.value?.answer);

let kept: readonly Block[] = [];
export const blocks = computed(() => {
  const shown = trajectory.value;
  kept = shown ? blocksOf(shown, kept) : [];
  return kept;
});

/** Takes in a message of the host. Foldings belong to one trajectory and go with it. */
export function take(message: HostMessage): void {
  view.value = receive(view.value, message);
  const id = view.value.trajectory?.id;
  if (id === undefined || id === toggledIn) return;
  toggledIn = id;
  toggled.value = new Set();
  save();
}

export function isOpen(id: string, byDefault = false): boolean {
  return toggled.value.has(id) !== byDefault;
}

export function toggle(id: string): void {
  const next = new Set(toggled.value);
  if (!next.delete(id)) next.add(id);
  toggled.value = next;
  save();
}

export function setMasked(mode: ViewerState["masked"]): void {
  masked.value = mode;
  save();
}

/** Stops the shown question where one runs. */
export function stop(): void {
  const shown = trajectory.value;
  if (shown && view.value.live) send("stop", { trajectoryId: shown.id });
}

function save(): void {
  const id = trajectory.value?.id;
  saveState({ ...(id === undefined ? {} : { trajectoryId: id }), masked: masked.value, folded: [...toggled.value] });
}
