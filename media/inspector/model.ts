import { computed, signal } from "@preact/signals";
import { InspectorState, type toInspector } from "../../protocol/inspector-messages.ts";
import type { Hit, Neighbours, Passage } from "../../protocol/passage.ts";
import type { FolderRef } from "../../protocol/place.ts";
import { type MessageOf, savedPart, savePart, send } from "../viewer/host.ts";
import { count, seconds } from "../viewer/wording.ts";

/** Typing is not searched for letter by letter. */
const typingMilliseconds = 250;

const kept = InspectorState.safeParse(savedPart("inspector"));

/** What the form is set to. */
export const form = signal<InspectorState>(kept.success ? kept.data : { query: "", mode: "hybrid", k: 20 });
export const folders = signal<readonly FolderRef[]>([]);
/** Why a search may miss something. */
export const note = signal<string | undefined>(undefined);

export interface Finding {
  query: string;
  mode: InspectorState["mode"];
  hits: readonly Hit[];
  coverage?: string | undefined;
  milliseconds: number;
}
export const finding = signal<Finding | undefined>(undefined);
export const failure = signal<string | undefined>(undefined);
export const searching = signal(false);
/** Passages whose whole text is drawn. */
export const unfolded = signal<ReadonlySet<string>>(new Set());

/** What stands around the passages for which it was asked for; undefined while it is on its way. */
export const around = signal<ReadonlyMap<string, Neighbours | { message: string } | undefined>>(new Map());

/** One sentence on the last search, also for those who do not see the list. */
export const summary = computed(() => {
  if (failure.value !== undefined) return failure.value;
  const { hits, milliseconds } = finding.value ?? {};
  if (!hits || milliseconds === undefined) return "";
  return hits.length === 0
    ? `Nothing found, in ${seconds(milliseconds / 1000)}.`
    : `${count(hits.length, "passage")} in ${seconds(milliseconds / 1000)}.`;
});

let seq = 0;
let asked: InspectorState | undefined;
let timer: number | undefined;

/** Changes the form and searches, after a moment where the change is typed. */
export function change(part: Partial<InspectorState>, typed = false): void {
  form.value = { ...form.value, ...part };
  savePart("inspector", form.value);
  clearTimeout(timer);
  if (typed) timer = window.setTimeout(searchAgain, typingMilliseconds);
  else searchAgain();
}

/** Searches for what the form says. An empty query is no search. */
export function searchAgain(): void {
  clearTimeout(timer);
  seq++;
  if (form.value.query.trim() === "") {
    finding.value = undefined;
    failure.value = undefined;
    searching.value = false;
    return;
  }
  asked = form.value;
  searching.value = true;
  send("search", { ...asked, seq });
}

export function toggle(passage: string): void {
  const next = new Set(unfolded.value);
  if (!next.delete(passage)) next.add(passage);
  unfolded.value = next;
}

/** Shows what stands around a passage in its file, or no longer. */
export function toggleAround({ id, place }: Passage): void {
  const next = new Map(around.value);
  if (!next.delete(id) && place) {
    next.set(id, undefined);
    send("around", { passage: id, place });
  }
  around.value = next;
}

export function receive(message: MessageOf<typeof toInspector>): void {
  switch (message.method) {
    case "state":
      folders.value = message.params.folders;
      note.value = message.params.note;
      return;
    case "query":
      return change({ query: message.params.query });
    case "found":
      // An answer to an earlier search would show under the query of a later one.
      if (message.params.seq !== seq || !asked) return;
      finding.value = { ...message.params, query: asked.query, mode: asked.mode };
      failure.value = undefined;
      unfolded.value = new Set();
      around.value = new Map();
      searching.value = false;
      return;
    case "around": {
      const { passage, neighbours, message: fault = "They were not found." } = message.params;
      if (around.value.has(passage)) around.value = new Map(around.value).set(passage, neighbours ?? { message: fault });
      return;
    }
    case "searchFailed":
      if (message.params.seq !== seq) return;
      finding.value = undefined;
      failure.value = message.params.message;
      searching.value = false;
  }
}
