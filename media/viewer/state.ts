import type { Annotations } from "../../protocol/annotations.ts";
import { applyRolloutEvent } from "../../protocol/rollout-events.ts";
import { type FileState, fileKey } from "../../protocol/inspection.ts";
import type { MaskVerdict } from "../../protocol/mask-verdict.ts";
import type { Reward } from "../../protocol/reward.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { HostMessage } from "./host.ts";

export type Empty = Extract<HostMessage, { method: "show" }>["params"]["empty"];

/** What the view draws. */
export interface View {
  trajectory: Trajectory | null;
  /** A question runs; its events are still to come. */
  live: boolean;
  empty: Empty;
  banner: string | undefined;
  /** Policy of the settings: who will answer the next question. */
  policy: string | undefined;
  /** Query of a search that was started and has not come back. */
  searching: string | undefined;
  /** What the server says of the trajectory's mask, and of its reward where the record has none. */
  verdict: MaskVerdict | undefined;
  reward: Reward | undefined;
  /** How each file of the hits stands on disk, by `fileKey`. */
  files: ReadonlyMap<string, FileState>;
  /** What people said of it; undefined until it came, and where nothing can be said. */
  annotations: Annotations | undefined;
  /** Texts of its tokens; null where its tokenizer is not on this machine, undefined until they came. */
  texts: readonly string[] | null | undefined;
  /** What a screen reader is told; changes only when something worth hearing happened. */
  announcement: string;
}

export const firstView: View = {
  trajectory: null,
  live: false,
  empty: "starting",
  banner: undefined,
  policy: undefined,
  searching: undefined,
  verdict: undefined,
  reward: undefined,
  files: new Map(),
  annotations: undefined,
  texts: undefined,
  announcement: "",
};

/** The view after a message of the host. Pure. */
export function receive(view: View, message: HostMessage): View {
  if (message.method === "show") {
    const { trajectory, live, empty, banner, policy } = message.params;
    const same = trajectory !== null && view.trajectory?.id === trajectory.id;
    const ended = same && view.live && !live;
    return {
      ...(same ? view : firstView),
      trajectory,
      live,
      empty,
      banner,
      policy,
      searching: live && same ? view.searching : undefined,
      announcement: ended ? endingOf(trajectory) : (banner ?? view.announcement),
    };
  }
  if (message.method !== "event") {
    if (message.params.trajectoryId !== view.trajectory?.id) return view;
    if (message.method === "tokenTexts") return { ...view, texts: message.params.texts };
    if (message.method === "annotated") return { ...view, annotations: message.params.annotations };
    const { verdict, reward, files, annotations } = message.params;
    return {
      ...view,
      annotations,
      verdict: verdict ?? undefined,
      reward: reward ?? undefined,
      files: new Map(files.map((file) => [fileKey(file), file.state])),
    };
  }
  const { event } = message.params;
  const trajectory = applyRolloutEvent(view.trajectory ?? undefined, event) ?? null;
  const after: View = { ...view, trajectory };
  switch (event.type) {
    case "snapshot":
      return { ...after, live: true, announcement: `Asked: ${event.trajectory.question}` };
    case "text":
      return after;
    case "search-started":
      return { ...after, searching: event.query, announcement: `Searching for ${event.query}` };
    case "search":
      return { ...after, searching: undefined, announcement: foundOf(event.search.hits.length, event.search.error) };
    case "notice":
      return { ...after, announcement: event.message };
    case "answer":
      return {
        ...after,
        announcement: event.answer.abstained ? "Not in these documents." : `Answer: ${event.answer.text}`,
      };
    case "done":
      // The answer was read out when it came.
      return {
        ...after,
        live: false,
        searching: undefined,
        announcement: view.trajectory?.answer ? view.announcement : endingOf(event.trajectory),
      };
  }
}

function foundOf(hits: number, error: string | undefined): string {
  if (error !== undefined) return `The search failed: ${error}`;
  return hits === 1 ? "1 passage found." : `${hits} passages found.`;
}

function endingOf({ stop, answer }: Trajectory): string {
  if (stop?.reason === "cancelled") return "Stopped.";
  if (stop?.reason === "interrupted") return "Interrupted.";
  if (answer) return answer.abstained ? "Not in these documents." : `Answer: ${answer.text}`;
  return "Ended without an answer.";
}
