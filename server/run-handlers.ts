import type { RequestHandlers, NotificationHandlers } from "../protocol/message.ts";
import type { RunRef, runsToServer } from "../protocol/run-messages.ts";
import { isLive } from "../protocol/run-state.ts";
import type { RunDetails, RunHost } from "./runs/run-host.ts";
import { recipeOffers } from "./recipe-offers.ts";
import type { Session } from "./session.ts";
import type { WindowRuns } from "./window-runs.ts";
import type { CallContext } from "./wire.ts";

export interface RunHandlerParts {
  session: Pick<Session, "trusted" | "folders">;
  runs: WindowRuns;
  /** Keeps an adapter as a trained policy; answers the policy's id. */
  keepPolicy(details: RunDetails, checkpoint: string, archive: Uint8Array): Promise<string>;
  /** Writes an adapter's archive as a folder; answers the names of its files. */
  unpackAdapter(archive: Uint8Array, folder: string): Promise<string[]>;
}

type Handlers = RequestHandlers<typeof runsToServer, CallContext> & NotificationHandlers<typeof runsToServer>;

/** One handler for each message about training runs. What starts or changes something is refused in an untrusted workspace. */
export function runHandlers({ session, runs, keepPolicy, unpackAdapter }: RunHandlerParts): Handlers {
  const trusted = (): void => {
    if (!session.trusted)
      throw new Error("In Restricted Mode no training is started or changed; trust this workspace first.");
  };
  const hostOf = ({ host }: { host?: string | undefined }): Promise<RunHost> => runs.host(host);
  return {
    runs: () => runs.list(),
    watchRun: (ref, { signal }) => runs.watch(refOf(ref), signal),
    unwatchRun: (ref) => runs.unwatch(refOf(ref)),
    runGroups: async ({ iteration, ...ref }, { signal }) => ({
      groups: await runs.groups(refOf(ref), iteration, signal),
    }),
    runFolder: async (ref, { signal }) => ({ folder: await runs.folder(refOf(ref), signal) }),
    runTrajectories: async ({ ids, ...ref }, { signal }) => ({
      trajectories: await (await hostOf(ref)).trajectories(ref.id, { ids }, signal),
    }),
    runLog: async ({ lines, ...ref }, { signal }) => ({ lines: await (await hostOf(ref)).log(ref.id, lines, signal) }),
    runAction: async ({ action, ...ref }, { signal }) => {
      trusted();
      const host = await hostOf(ref);
      try {
        if (action === "resume") {
          const { summary } = await host.details(ref.id, signal);
          // A run without a process is started again; one that waits is told to go on.
          if (!isLive(summary.state)) return await host.resume(ref.id, signal);
        }
        await host.act(ref.id, action, signal);
        return null;
      } finally {
        runs.refresh();
      }
    },
    removeRun: async (ref, { signal }) => {
      trusted();
      await (await hostOf(ref)).remove(ref.id, signal);
      runs.unwatch(refOf(ref));
      runs.refresh();
      return {};
    },
    checkRecipe: async ({ file, ...where }, { signal }) => {
      trusted();
      return (await hostOf(where)).check(file, signal);
    },
    launchRun: async ({ file, key, dryRun, ...where }, { signal }) => {
      trusted();
      const launch = await (await hostOf(where)).launch(file, { key, dryRun }, signal);
      runs.refresh();
      return launch;
    },
    recipeChoices: (_, { signal }) => recipeOffers(session.folders, signal),
    useCheckpoint: async ({ checkpoint, ...ref }, { signal }) => {
      trusted();
      const host = await hostOf(ref);
      const details = await host.details(ref.id, signal);
      return { policy: await keepPolicy(details, checkpoint, await host.adapter(ref.id, checkpoint, signal)) };
    },
    exportAdapter: async ({ checkpoint, folder, ...ref }, { signal }) => {
      const host = await hostOf(ref);
      return { files: await unpackAdapter(await host.adapter(ref.id, checkpoint, signal), folder) };
    },
  };
}

/** Without a host that is present but undefined, as `exactOptionalPropertyTypes` wants. */
function refOf({ host, id }: { host?: string | undefined; id: string }): RunRef {
  return host === undefined ? { id } : { host, id };
}
