import { computed, effect, signal, untracked } from "@preact/signals";
import { z } from "zod";
import type { RunGroup, RunSummary } from "../../protocol/run.ts";
import { emptyPicture, foldRunEvent, type RunPicture } from "../../protocol/run-picture.ts";
import type { RunPageState, toRunPage } from "../../protocol/run-page-messages.ts";
import { type MessageOf, savedPart, savePart, send } from "../viewer/host.ts";
import { take } from "../viewer/view-model.ts";

export const Tab = z.enum(["charts", "rollouts", "checkpoints", "log", "configuration"]);
export type Tab = z.infer<typeof Tab>;

const Saved = z.object({ tab: Tab, smoothing: z.number().min(0).max(0.99), tables: z.boolean() });
const saved = Saved.safeParse(savedPart("page")).data;

export interface RunFacts {
  run: RunPageState;
  summary: RunSummary;
  recipe: string;
  local: boolean;
  restricted: string | undefined;
}

export const facts = signal<RunFacts | undefined>(undefined);
export const banner = signal<string | undefined>(undefined);
export const tab = signal<Tab>(saved?.tab ?? "charts");
export const smoothing = signal(saved?.smoothing ?? 0);
/** Each chart has its numbers as a table under it. */
export const tables = signal(saved?.tables ?? false);
/** What a screen reader is told. */
export const announcement = signal("");

/** The picture is changed in place; who draws it reads `drawn`, which counts up at most once a frame. */
let current: RunPicture = emptyPicture();
export const drawn = signal(0);
export const picture = computed<RunPicture>(() => (drawn.value, { ...current }));
let scheduled = false;

/** Iteration whose rollouts are shown; undefined follows the latest. */
export const chosenIteration = signal<number | undefined>(undefined);
/** Groups of iterations that the picture holds no more. */
const fetched = signal<ReadonlyMap<number, readonly RunGroup[]>>(new Map());
export const chosenRollout = signal<string | undefined>(undefined);
/** The chosen rollout: undefined until it came, false where it is not kept. */
export const rolloutKept = signal<boolean | undefined>(undefined);
export const logLines = signal<readonly string[] | undefined>(undefined);

/** Iterations that have groups in the picture, and the latest of them. */
export const latestIteration = computed(() => picture.value.groups.at(-1)?.iteration);
export const shownIteration = computed(() => chosenIteration.value ?? latestIteration.value);
/** Groups of the shown iteration; undefined while they are being read. */
export const shownGroups = computed<readonly RunGroup[] | undefined>(() => {
  const iteration = shownIteration.value;
  if (iteration === undefined) return [];
  const groups = groupsOf(picture.value, iteration);
  return groups.length > 0 && !cutOff(picture.value, iteration) ? groups : fetched.value.get(iteration);
});

effect(() => savePart("page", { tab: tab.value, smoothing: smoothing.value, tables: tables.value }));
effect(() => {
  const wanted = shownGroups.value === undefined ? shownIteration.value : undefined;
  if (wanted !== undefined) untracked(() => send("groups", { iteration: wanted }));
});
effect(() => {
  if (tab.value === "log" && facts.value) untracked(() => send("log", {}));
});

function groupsOf({ groups }: RunPicture, iteration: number): RunGroup[] {
  return groups.filter((group) => group.iteration === iteration);
}

/** Whether the oldest groups of an iteration fell out of the picture. */
function cutOff({ groups, training }: RunPicture, iteration: number): boolean {
  return groups[0]?.iteration === iteration && training.x.length > 0 && training.x[0]! < iteration;
}

export function chooseIteration(iteration: number | undefined): void {
  chosenIteration.value = iteration;
  chosenRollout.value = undefined;
}

/** Shows an iteration's rollouts: a click on a step of a chart. */
export function openIteration(iteration: number): void {
  chooseIteration(iteration);
  tab.value = "rollouts";
  announcement.value = `Rollouts of iteration ${iteration + 1}`;
}

export function chooseRollout(trajectoryId: string): void {
  // What is read is not to change under the reader when the next iteration comes.
  chosenIteration.value = shownIteration.peek();
  chosenRollout.value = trajectoryId;
  rolloutKept.value = undefined;
  send("rollout", { trajectoryId });
}

/** Takes in a message of the host. */
export function receive(message: MessageOf<typeof toRunPage>): void {
  switch (message.method) {
    case "run": {
      const { run, summary, recipe, local, restricted } = message.params;
      savePart("run", run);
      current = message.params.picture;
      facts.value = { run, summary, recipe, local, restricted };
      schedule();
      return;
    }
    case "events":
      for (const event of message.params.events) {
        const before = current.state;
        // Without a picture there is nothing to put them into: it is on its way.
        if (!facts.peek()) return;
        if (foldRunEvent(current, event) === "hole") return send("again", {});
        if (current.state !== before) announcement.value = `The run is ${current.state}. ${current.reason ?? ""}`;
      }
      schedule();
      if (tab.peek() === "log") askLog();
      return;
    case "summary":
      if (facts.peek()) facts.value = { ...facts.peek()!, summary: message.params.summary };
      return;
    case "banner":
      banner.value = message.params.message;
      return;
    case "groups":
      fetched.value = new Map([...[...fetched.peek()].slice(-7), [message.params.iteration, message.params.groups]]);
      return;
    case "rollout": {
      const { trajectoryId, trajectory } = message.params;
      if (trajectoryId !== chosenRollout.peek()) return;
      rolloutKept.value = trajectory !== null;
      if (trajectory) take({ method: "show", params: { trajectory, live: false, empty: "no-question" } });
      return;
    }
    case "log":
      logLines.value = message.params.lines;
      return;
    case "tokenTexts":
      return take(message);
  }
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    drawn.value += 1;
  });
}

const logMilliseconds = 1_500;
let logTimer: ReturnType<typeof setTimeout> | undefined;

/** The log is a file: while it is looked at, its end is read again after events, not at each. */
function askLog(): void {
  logTimer ??= setTimeout(() => {
    logTimer = undefined;
    if (tab.peek() === "log") send("log", {});
  }, logMilliseconds);
}
