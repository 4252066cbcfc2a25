import { computed, signal } from "@preact/signals";
import type { ViewerState } from "../../protocol/viewer-messages.ts";
import { toldFoldersOf } from "../../protocol/told-folders.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { brokenRules } from "./broken-rules.ts";
import { type HostMessage, savedState, saveState, send } from "./host.ts";
import { firstView, receive } from "./state.ts";

/** The one state of the view: what the host said, and what the person set. Components read the signals they draw. */
export const view = signal(firstView);

const saved = savedState();
export const masked = signal<ViewerState["masked"]>(saved.masked);
/** Whether trajectories that have tokens are shown token by token. */
export const tokensShown = signal(saved.tokens ?? false);
/** Ids of the parts that the person folded or unfolded against their default. */
const toggled = signal<ReadonlySet<string>>(new Set(saved.folded));
let toggledIn = saved.trajectoryId;

export const trajectory = computed(() => view.value.trajectory);
export const answer = computed(() => trajectory.value?.answer);
/** Names the folder of a place where two folders have a file of its path. */
export const told = computed(() => (trajectory.value ? toldFoldersOf(trajectory.value) : () => undefined));
/** The record's own reward, else the one that the server worked out for it. */
export const reward = computed(() => trajectory.value?.reward ?? view.value.reward);
/** What people said of it; undefined where nothing can be said of it. */
export const annotations = computed(() => view.value.annotations);
/** Key of its row where it is one of a file. */
export const shownKey = signal<number | undefined>(undefined);
export const verdict = computed(() => view.value.verdict);
export const broken = computed(() => brokenRules(reward.value));
/** What is underlined in the text: broken rules, and places where a search would find another mask. */
export const spans = computed(() => [
  ...broken.value.map(({ id, violation: { start, end } }) => ({ id, start, end })),
  ...disagreements.value.map(({ id, start, end }) => ({ id, start, end })),
  ...(annotations.value?.notes ?? []).flatMap(({ id, span }) => (span ? [{ id: noteSpan(id), ...span }] : [])),
]);
export const disagreements = computed(() =>
  (verdict.value?.disagreements ?? []).map((each, index) => ({ ...each, id: `audit-${index}` })),
);
/** Id of the span of the text that a note is about. */
export function noteSpan(note: string): string {
  return `note-${note}`;
}

/** The span that the person jumped to last. */
export const chosenSpan = signal<string | undefined>(undefined);

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
  chosenSpan.value = undefined;
  for (const forget of forgetting) forget();
  save();
}

const forgetting: (() => void)[] = [];

/** Calls when another trajectory is shown than before: what a person had begun with the one before is of no use. */
export function onOther(forget: () => void): void {
  forgetting.push(forget);
}

export function isOpen(id: string, byDefault = false): boolean {
  return toggled.value.has(id) !== byDefault;
}

/** Unfolds a part whose default is folded. */
export function open(id: string): void {
  if (!toggled.value.has(id)) toggle(id);
}

export function chooseSpan(id: string): void {
  chosenSpan.value = id;
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

export function setTokens(shown: boolean): void {
  tokensShown.value = shown;
  save();
}

/** Stops the shown question where one runs. */
export function stop(): void {
  const shown = trajectory.value;
  if (shown && view.value.live) send("stop", { trajectoryId: shown.id });
}

function save(): void {
  const id = trajectory.value?.id;
  saveState({
    ...(id === undefined ? {} : { trajectoryId: id }),
    masked: masked.value,
    tokens: tokensShown.value,
    folded: [...toggled.value],
  });
}
