import { z } from "zod";
import { notification, request } from "./message.ts";
import { RunPicture } from "./run-picture.ts";
import { RunAction, RunEvent, RunGroup, RunSummary } from "./run.ts";
import { Trajectory } from "./trajectory.ts";

/** A problem of a recipe, found before anything is started. */
export const RecipeProblem = z.object({
  /** Where in the recipe, as `stages.0.reward`; empty for the whole. */
  field: z.string(),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
});
export type RecipeProblem = z.infer<typeof RecipeProblem>;

const range = z.object({ expected: z.number().min(0), most: z.number().min(0) });

/** What a run would take. */
export const RunEstimate = z.object({
  rollouts: z.number().min(0),
  optimiserSteps: z.number().min(0),
  policyTokens: range,
  trainedTokens: range,
  searches: range,
  /** Absent where no measured rate is known for the engine and model. */
  seconds: range.optional(),
  money: range.extend({ currency: z.string() }).optional(),
  assumptions: z.array(z.string()),
  /** What the checks found of engine and data, one sentence each. */
  found: z.array(z.string()).optional(),
});
export type RunEstimate = z.infer<typeof RunEstimate>;

export const Launch = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), id: z.string(), joined: z.boolean() }),
  z.object({ ok: z.literal(false), problems: z.array(RecipeProblem) }),
]);
export type Launch = z.infer<typeof Launch>;

/** Where a run is kept: the address of a service, or absent for this machine. */
const host = z.string().optional();
const run = z.object({ host, id: z.string().min(1).max(200) });
export type RunRef = z.infer<typeof run>;

/** The runs of this machine and of the attached service, latest first, and why the service's are absent where they are. */
export const RunList = z.object({
  runs: z.array(RunSummary),
  trouble: z.string().optional(),
});
export type RunList = z.infer<typeof RunList>;

/** Client to server. */
export const runsToServer = {
  runs: request(
    "searchlight/runs",
    "Training runs of this machine and of the attached service. From the first such request on, changes come as runsChanged.",
    z.object({}),
    RunList,
  ),
  watchRun: request(
    "searchlight/watchRun",
    "What a run's events come to by now; later ones come as runEvents from its cursor on, until unwatchRun.",
    run,
    z.object({ summary: RunSummary, recipe: z.string(), folder: z.string().optional(), picture: RunPicture }),
  ),
  runFolder: request(
    "searchlight/runFolder",
    "The folder that a run's rollouts are in: its own, or for a run of another machine one here that they are copied into as they come.",
    run,
    z.object({ folder: z.string() }),
  ),
  unwatchRun: notification("searchlight/unwatchRun", "Nobody looks at this run any more.", run),
  runGroups: request(
    "searchlight/runGroups",
    "The groups of one iteration.",
    run.extend({ iteration: z.int().min(0) }),
    z.object({ groups: z.array(RunGroup) }),
  ),
  runTrajectories: request(
    "searchlight/runTrajectories",
    "Trajectories of a run by their ids, in that order; one that is not kept is left out.",
    run.extend({ ids: z.array(z.string()).min(1).max(256) }),
    z.object({ trajectories: z.array(Trajectory) }),
  ),
  runLog: request(
    "searchlight/runLog",
    "The last lines of a run's log.",
    run.extend({ lines: z.int().min(1).max(10_000) }),
    z.object({ lines: z.array(z.string()) }),
  ),
  runAction: request(
    "searchlight/runAction",
    "Pauses, resumes, stops or saves a run; a run whose process is gone is resumed from its last checkpoint.",
    run.extend({ action: RunAction }),
    Launch.nullable(),
  ),
  removeRun: request("searchlight/removeRun", "Removes a run that does not live, with all it kept.", run, z.object({})),
  checkRecipe: request(
    "searchlight/checkRecipe",
    "All that can be found out of a recipe file without starting it: its problems, and what a run would take.",
    z.object({ host, file: z.string() }),
    z.object({ problems: z.array(RecipeProblem), estimate: RunEstimate.optional() }),
  ),
  launchRun: request(
    "searchlight/launchRun",
    "Starts a run of a recipe file that goes on without the editor. The same key again joins the run it started.",
    z.object({ host, file: z.string(), key: z.string().min(8).max(200), dryRun: z.boolean() }),
    Launch,
  ),
  recipeChoices: request(
    "searchlight/recipeChoices",
    "What a recipe may name on this machine: models, trained policies, files of questions in the open folders.",
    z.object({}),
    z.object({
      models: z.array(z.object({ name: z.string(), about: z.string() })),
      questionFiles: z.array(z.object({ path: z.string(), questions: z.int().min(0), golds: z.int().min(0) })),
    }),
  ),
  useCheckpoint: request(
    "searchlight/useCheckpoint",
    "Keeps a checkpoint as a trained policy and answers the policy's id.",
    run.extend({ checkpoint: z.string() }),
    z.object({ policy: z.string() }),
  ),
  exportAdapter: request(
    "searchlight/exportAdapter",
    "Writes a checkpoint's adapter as a PEFT folder; answers the files it wrote.",
    run.extend({ checkpoint: z.string(), folder: z.string() }),
    z.object({ files: z.array(z.string()) }),
  ),
} as const;

/** Server to client. */
export const runsToClient = {
  runsChanged: notification("searchlight/runsChanged", "The training runs as they stand.", RunList),
  runEvents: notification(
    "searchlight/runEvents",
    "Events of a watched run, in order and without holes.",
    run.extend({ events: z.array(RunEvent) }),
  ),
} as const;
