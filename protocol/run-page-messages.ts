import { z } from "zod";
import { notification } from "./message.ts";
import { RunPicture } from "./run-picture.ts";
import { RunAction, RunEvent, RunGroup, RunSummary } from "./run.ts";
import { Trajectory } from "./trajectory.ts";
import { fromViewer, toViewer } from "./viewer-messages.ts";

const { ready, open, openLink, copy, copyLink, tokenTexts, reload, fault } = fromViewer;

/** What a run page needs to come back after a reload. */
export const RunPageState = z.object({ id: z.string().min(1).max(200), host: z.string().max(2048).optional() });
export type RunPageState = z.infer<typeof RunPageState>;

/** The page of a run to the extension host. The run is the panel's; the page names none. */
export const fromRunPage = {
  ready,
  open,
  openLink,
  copy,
  copyLink,
  tokenTexts,
  reload,
  fault,
  again: notification("again", "Events were left out; the page wants the whole picture again.", z.object({})),
  groups: notification(
    "groups",
    "The page wants the groups of one iteration.",
    z.object({ iteration: z.int().min(0) }),
  ),
  rollout: notification("rollout", "The page wants one rollout.", z.object({ trajectoryId: z.string() })),
  openTrajectory: notification(
    "openTrajectory",
    "Show a rollout in the Trajectory view.",
    z.object({ trajectoryId: z.string() }),
  ),
  openFile: notification("openFile", "Open the file of all of the run's trajectories.", z.object({})),
  log: notification("log", "The page wants the end of the log.", z.object({})),
  act: notification("act", "One of the run's buttons.", z.object({ action: z.enum([...RunAction.options, "delete"]) })),
  checkpoint: notification(
    "checkpoint",
    "One of a checkpoint's buttons.",
    z.object({ name: z.string(), act: z.enum(["use", "export"]) }),
  ),
  recipe: notification("recipe", "Open the run's recipe as a document.", z.object({})),
} as const;

/** Extension host to the page of a run. */
export const toRunPage = {
  tokenTexts: toViewer.tokenTexts,
  run: notification(
    "run",
    "The run as it stands; its events follow from the picture's cursor on.",
    z.object({
      run: RunPageState,
      summary: RunSummary,
      recipe: z.string(),
      /** The run's files are on this machine. */
      local: z.boolean(),
      /** Why nothing may be started from here; absent where it may. */
      restricted: z.string().optional(),
      picture: RunPicture,
    }),
  ),
  events: notification("events", "Events of the run, in order.", z.object({ events: z.array(RunEvent) })),
  summary: notification("summary", "The run as the list has it.", z.object({ summary: RunSummary })),
  banner: notification(
    "banner",
    "One sentence above everything, or none.",
    z.object({ message: z.string().optional() }),
  ),
  groups: notification(
    "groups",
    "The groups of an iteration that were asked for.",
    z.object({ iteration: z.int().min(0), groups: z.array(RunGroup) }),
  ),
  rollout: notification(
    "rollout",
    "A rollout that was asked for; null where it is not kept.",
    z.object({ trajectoryId: z.string(), trajectory: Trajectory.nullable() }),
  ),
  log: notification("log", "The end of the log.", z.object({ lines: z.array(z.string()) })),
} as const;
