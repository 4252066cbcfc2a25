import { z } from "zod";
import { AnnotationChange, Annotations } from "./annotations.ts";
import { Inspection } from "./inspection.ts";
import { notification } from "./message.ts";
import { Place } from "./place.ts";
import { RolloutEvent } from "./rollout-events.ts";
import { Trajectory } from "./trajectory.ts";

/** What the person can change of the view; kept across reloads. */
export const ViewerState = z.object({
  trajectoryId: z.string().optional(),
  masked: z.enum(["show", "dim", "hide", "only"]),
  /** Trajectories that have tokens are shown token by token. */
  tokens: z.boolean().optional(),
  folded: z.array(z.string()),
});
export type ViewerState = z.infer<typeof ViewerState>;

/** Webview to extension host. All are notifications: the view draws what it is told and never waits. */
export const fromViewer = {
  ready: notification("ready", "The view is up and can draw.", z.object({})),
  ask: notification(
    "ask",
    "A question from the box.",
    z.object({ question: z.string().min(1), follows: z.string().optional() }),
  ),
  stop: notification("stop", "Stop the running question.", z.object({ trajectoryId: z.string() })),
  open: notification("open", "Open a place in the editor.", z.object({ place: Place })),
  openLink: notification("openLink", "Open a link; the editor asks first.", z.object({ url: z.string() })),
  copy: notification("copy", "Copy text to the clipboard.", z.object({ text: z.string() })),
  copyLink: notification(
    "copyLink",
    "Copy a link that opens this trajectory in the editor.",
    z.object({ trajectoryId: z.string() }),
  ),
  tokenTexts: notification(
    "tokenTexts",
    "The view wants the texts of the shown trajectory's tokens.",
    z.object({ trajectoryId: z.string() }),
  ),
  command: notification(
    "command",
    "One of the view's own buttons.",
    z.object({ command: z.enum(["chooseModel", "showIndex", "openFolder", "trajectories"]) }),
  ),
  annotate: notification(
    "annotate",
    "The person says something of a trajectory; `key` names its row where it is one of a file.",
    z.object({ trajectoryId: z.string(), key: z.int().min(0).optional(), change: AnnotationChange }),
  ),
  collect: notification(
    "collect",
    "Add the trajectory to a file that the person then chooses: its question to an evaluation, or itself to tests of rewards.",
    z.object({ trajectoryId: z.string(), key: z.int().min(0).optional(), into: z.enum(["evaluation", "tests"]) }),
  ),
  reload: notification("reload", "The page could not be drawn, and the person wants it loaded anew.", z.object({})),
  asText: notification(
    "asText",
    "The page, or a part of it, could not be drawn, and the person wants what it shows as text.",
    z.object({}),
  ),
  fault: notification("fault", "The view itself failed.", z.object({ message: z.string() })),
} as const;

/** Extension host to webview. */
export const toViewer = {
  show: notification(
    "show",
    "Draw this trajectory (or the empty state).",
    z.object({
      trajectory: Trajectory.nullable(),
      live: z.boolean(),
      /** Shown in place of the trajectory when there is none. */
      empty: z.enum(["no-folder", "no-question", "server-down", "starting"]),
      /** One sentence above everything: index state, restarts. */
      banner: z.string().optional(),
      policy: z.string().optional(),
    }),
  ),
  event: notification(
    "event",
    "An event of the running question.",
    z.object({ trajectoryId: z.string(), event: RolloutEvent }),
  ),
  inspected: notification(
    "inspected",
    "What the server works out of a finished trajectory, to be shown beside it.",
    z.object({ trajectoryId: z.string(), annotations: Annotations.optional(), ...Inspection.shape }),
  ),
  annotated: notification(
    "annotated",
    "What is said of a trajectory after a change.",
    z.object({ trajectoryId: z.string(), key: z.int().min(0).optional(), annotations: Annotations }),
  ),
  tokenTexts: notification(
    "tokenTexts",
    "The texts of a trajectory's tokens, one an id; null where its tokenizer is not on this machine.",
    z.object({ trajectoryId: z.string(), texts: z.array(z.string()).nullable() }),
  ),
} as const;
