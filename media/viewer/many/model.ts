import { computed, effect, signal, untracked } from "@preact/signals";
import { z } from "zod";
import type { Annotations } from "../../../protocol/annotations.ts";
import type { toFileView } from "../../../protocol/file-view-messages.ts";
import {
  type FileRecord,
  RowFilter,
  type RowPage,
  RowSort,
  type TrajectoryRow,
} from "../../../protocol/trajectory-file.ts";
import type { Params } from "../../../protocol/message.ts";
import type { SavedFilter } from "../../../protocol/saved-filter.ts";
import { type MessageOf, savedPart, savePart, send } from "../host.ts";
import { shownKey, take } from "../view-model.ts";

/** What is shown of the chosen row. */
export const Tab = z.enum(["trajectory", "group", "steps", "comparison"]);
export type Tab = z.infer<typeof Tab>;

const Saved = z.object({ filter: RowFilter, sort: RowSort, tab: Tab, chosen: z.int().min(0) });

/** Rows that are asked for together. */
export const blockSize = 100;
const recordsKept = 128;
/** Records with tokens that are kept; a long one of them takes megabytes. */
const wholeKept = 8;
/** Records of the file that is compared with that are kept. */
const othersKept = 16;
const readOnMilliseconds = 250;

const saved = Saved.safeParse(savedPart("list")).data;

export const fileName = signal("");
/** Name of the file that this one is compared with. */
export const againstName = signal<string | undefined>(undefined);
export const savedFilters = signal<readonly SavedFilter[]>([]);
export const filter = signal<RowFilter>(saved?.filter ?? {});
export const sort = signal<RowSort>(saved?.sort ?? { key: "line", descending: false });
export const tab = signal<Tab>(saved && saved.tab !== "comparison" ? saved.tab : "trajectory");
/** Counts, problems and choices of the file as the last page told them. */
export const summary = signal<Omit<RowPage, "rows"> | undefined>(undefined);
export const failure = signal<string | undefined>(undefined);
/** How many rows the chosen one was moved down by rows that came; each time a value of its own. */
export const followed = signal<{ rows: number } | undefined>(undefined);
/** Index of the chosen row in the list as it is filtered and sorted. */
export const chosen = signal(saved?.chosen ?? 0);
/** Records of the file that is compared with, by key. */
export const otherRecords = signal<ReadonlyMap<number, FileRecord | null>>(new Map());
export const records = signal<ReadonlyMap<number, FileRecord | null>>(new Map());
/** Rows of groups and of questions, by the name under which they were asked for. */
export const sides = signal<ReadonlyMap<string, readonly TrajectoryRow[]>>(new Map());

interface Block {
  generation: number;
  rows: readonly TrajectoryRow[];
}

const blocks = signal<ReadonlyMap<number, Block>>(new Map());
/** Counts up whenever what is listed may be other rows; pages of before are shown until fresh ones come. */
let generation = 0;
const asked = new Set<string>();
const wanted = new Set<string>();
/** Keys of the records that came with their tokens, the latest last. */
let whole: readonly number[] = [];
/** Those of them that came since the file was last looked at. */
const fresh = new Set<number>();

export const chosenRow = computed(() => rowAt(chosen.value));

effect(() => savePart("list", { filter: filter.value, sort: sort.value, tab: tab.value, chosen: chosen.value }));

/** The record of the chosen row is what the trajectory's own components draw. */
effect(() => {
  const row = chosenRow.value;
  const record = row && records.value.get(row.key);
  if (!record) return;
  const { trajectory, verdict, reward, files, annotations } = record;
  untracked(() => {
    take({ method: "show", params: { trajectory, live: false, empty: "no-question" } });
    take({ method: "inspected", params: { trajectoryId: trajectory.id, verdict, reward, files, annotations } });
    shownKey.value = record.key;
  });
});

/** A row of the list; undefined until it comes. Asks for it and its neighbours where they are not at hand. */
export function rowAt(index: number): TrajectoryRow | undefined {
  const block = Math.floor(index / blockSize);
  return blocks.value.get(block)?.rows[index - block * blockSize];
}

/** Asks for the rows of a range that are not at hand, or are of before a change. */
export function wantRows(from: number, to: number): void {
  for (let block = Math.floor(from / blockSize); block * blockSize <= Math.max(from, to); block++) {
    if (blocks.peek().get(block)?.generation === generation) continue;
    askRows(`list:${generation}:${block}`, filter.peek(), sort.peek(), block * blockSize, blockSize);
  }
}

/** Asks for the rows beside the list that a filter gives, under a name of their own. */
export function wantSide(name: string, of: RowFilter, order: RowSort, limit: number): void {
  askRows(name, of, order, 0, limit);
}

/** Asks for a record where it is not at hand; `tokens` for one that is shown in full. */
export function wantRecord(key: number, tokens = false): void {
  const name = `${key}:${tokens}`;
  if (wanted.has(name) || (tokens ? whole.includes(key) && fresh.has(key) : records.peek().has(key))) return;
  wanted.add(name);
  send("record", { key, tokens });
}

/** Asks for a record of the file that is compared with. */
export function wantOther(key: number): void {
  const name = `against:${key}`;
  if (wanted.has(name) || otherRecords.peek().has(key)) return;
  wanted.add(name);
  send("record", { key, tokens: false, against: true });
}

/** Lists by a filter that was kept. */
export function applySaved({ filter: of, sort: order }: SavedFilter): void {
  filter.value = of;
  sort.value = order;
  listAnew(true);
}

export function setFilter(next: RowFilter): void {
  filter.value = next;
  listAnew(true);
}

export function setSort(next: RowSort): void {
  sort.value = next;
  listAnew(true);
}

/** Asks again for what could not be read. */
export function retry(): void {
  failure.value = undefined;
  asked.clear();
  wanted.clear();
  listAnew(false);
}

export function choose(index: number): void {
  const last = (summary.peek()?.matched ?? 1) - 1;
  chosen.value = Math.max(0, Math.min(last, index));
}

/** Takes in a message of the host. */
export function receive(message: MessageOf<typeof toFileView>): void {
  switch (message.method) {
    case "file":
      fileName.value = message.params.name;
      compareWith(message.params.against);
      failure.value = undefined;
      sides.value = new Map();
      asked.clear();
      // What is said of the records at hand may have changed as well; they are shown until they come again.
      fresh.clear();
      if (message.params.select !== undefined) return setFilter({ id: message.params.select });
      listAnew(false);
      return;
    case "tokenTexts":
      return take(message);
    case "savedFilters":
      savedFilters.value = message.params.filters;
      return;
    case "annotated":
      takeAnnotations(message.params.key, message.params.annotations);
      return listAnew(false);
    case "record":
      return takeRecord(message.params);
    case "failed":
      wanted.clear();
      if (message.params.request !== undefined) asked.delete(message.params.request);
      failure.value = message.params.message;
      return;
    case "rows":
      return takeRows(message.params.request, message.params.page);
  }
}

/** Keeps the chosen row chosen where others came before it, and tells the list how far it went. */
function follow(key: number, index: number): void {
  const from = chosen.peek();
  if (index === from || chosenRow.peek()?.key !== key) return;
  followed.value = { rows: index - from };
  chosen.value = index;
}

function compareWith(name: string | undefined): void {
  if (name === againstName.peek()) return;
  againstName.value = name;
  otherRecords.value = new Map();
  if (name === undefined && tab.peek() === "comparison") tab.value = "trajectory";
  if (name === undefined && filter.peek().flip !== undefined) {
    const { flip: _, ...rest } = filter.peek();
    filter.value = rest;
  }
}

function takeRecord(params: Params<(typeof toFileView)["record"]>): void {
  const { key, tokens, record } = params;
  if (params.against) {
    wanted.delete(`against:${key}`);
    otherRecords.value = new Map([...[...otherRecords.peek()].slice(1 - othersKept), [key, record]]);
    return;
  }
  wanted.delete(`${key}:${tokens}`);
  // One without tokens may come after the whole one was asked for.
  if (!tokens && whole.includes(key)) return;
  const next = new Map([...records.peek()].filter(([other]) => other !== key).slice(1 - recordsKept));
  next.set(key, record);
  if (tokens) {
    fresh.add(key);
    whole = [...whole.filter((other) => other !== key), key];
    for (const other of whole.slice(0, -wholeKept)) next.delete(other);
    whole = whole.slice(-wholeKept);
  }
  records.value = next;
}

function takeAnnotations(key: number | undefined, annotations: Annotations): void {
  const record = key === undefined ? undefined : records.peek().get(key);
  if (record) records.value = new Map([...records.peek(), [record.key, { ...record, annotations }]]);
}

function takeRows(request: string, { rows, ...counts }: RowPage): void {
  asked.delete(request);
  const [kind, of, block] = request.split(":");
  if (kind !== "list") {
    sides.value = new Map([...sides.peek(), [request, rows]]);
    return;
  }
  if (Number(of) !== generation) return;
  if (counts.reading !== summary.peek()?.reading) {
    records.value = new Map();
    whole = [];
    wanted.clear();
  }
  failure.value = undefined;
  if (counts.located) follow(counts.located.key, counts.located.index);
  blocks.value = new Map([...blocks.peek(), [Number(block), { generation, rows }]]);
  summary.value = counts;
  if (chosen.peek() >= counts.matched) choose(counts.matched - 1);
  if (!counts.complete) setTimeout(() => listAnew(false), readOnMilliseconds);
}

function listAnew(fromTop: boolean): void {
  generation += 1;
  if (fromTop) {
    blocks.value = new Map();
    chosen.value = 0;
  }
  const around = chosen.peek();
  wantRows(0, 0);
  wantRows(around, around);
}

function askRows(request: string, of: RowFilter, order: RowSort, offset: number, limit: number): void {
  if (asked.has(request)) return;
  asked.add(request);
  const key = chosenRow.peek()?.key;
  const locate = request.startsWith("list:") && key !== undefined ? { locate: key } : {};
  send("rows", { request, query: { filter: of, sort: order, offset, limit, ...locate } });
}
