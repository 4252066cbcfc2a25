import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { capLog } from "../engine/engine-log.ts";
import { ownStart } from "../process-identity.ts";
import { EngineError, type EngineErrorKind } from "../training/engine.ts";
import type { Asked, SavedCheckpoint, TrainingEnd } from "../training/loop/host.ts";
import { type ControlChannel, openControlChannel } from "./control-channel.ts";
import { removeLeftSocket, writeProcessRecord } from "./control-client.ts";
import { openEventLog } from "./event-log.ts";
import { RunHostError } from "./run-host.ts";
import { RunDiskError, RunKeeper } from "./run-keeper.ts";
import { lockRun } from "./run-lock.ts";
import { readManifest } from "./run-manifest.ts";
import { type RunPaths, runPaths } from "./run-paths.ts";
import { ProgressReader } from "./run-progress.ts";
import type { OpenedRun, RunWork } from "./run-work.ts";
import { openTrajectoryStore } from "./trajectory-store.ts";

/** Failures of an engine elsewhere that may pass: a cut network, a server that is started again. */
const passing: ReadonlySet<EngineErrorKind> = new Set(["unreachable", "timeout", "lost"]);

/** Held back on the disk, so that a full one still takes the record of the end. */
const reserveBytes = 64 * 1024;

/** An engine that dies is started again so often; each start goes on from the last checkpoint. */
const engineStarts = 3;

/**
 * The process of a run, from the lock on its folder to the record of its end. Throws `RunHostError` `busy` where another process has the
 * run; every other failure is the run's own and is recorded in it.
 */
export async function runProcess(folder: string, work: RunWork): Promise<TrainingEnd> {
  const paths = runPaths(folder);
  const lock = lockRun(folder);
  if (!lock.ok)
    throw new RunHostError("busy", `The run is done by process ${lock.pid || "another one"} already; attach to it.`);
  removeLeftSocket(paths.process);
  const stopCap = capLog(paths.log);
  const events = openEventLog(paths.events);
  const trajectories = openTrajectoryStore(paths);
  let channel: ControlChannel | undefined;
  const keeper = new RunKeeper(paths, events, trajectories, (cursor) => channel?.wrote(cursor));
  const ending = new AbortController();
  channel = await openControlChannel(
    (action) => keeper.ask(action),
    () => keeper.cursor,
  );
  const onTerm = (): void => {
    // Asked a second time, it ends without waiting for the work under way.
    if (keeper.asked() === "stop") ending.abort(new Error("The run was ended."));
    else askToStop(keeper);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onTerm);
  try {
    const { pid } = process;
    writeProcessRecord(paths.process, { pid, start: ownStart(), address: channel.address, token: channel.token });
    try {
      writeFileSync(paths.reserve, Buffer.alloc(reserveBytes, 1));
    } catch (error) {
      console.error(error);
    }
    const end = await attempts(paths, keeper, work, ending.signal).catch((error: unknown): TrainingEnd => {
      console.error(error);
      return { outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
    });
    recordEnd(paths, keeper, end);
    return end;
  } finally {
    rmSync(paths.reserve, { force: true });
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.off(signal, onTerm);
    await channel.close();
    events.close();
    trajectories.close();
    stopCap();
  }
}

/** Opens the recipe's parts and trains, again from the last checkpoint where the engine dies. */
async function attempts(paths: RunPaths, keeper: RunKeeper, work: RunWork, signal: AbortSignal): Promise<TrainingEnd> {
  const progress = new ProgressReader(paths.events);
  const before = { pid: progress.read().pid };
  keeper.record({ type: "launched", pid: process.pid, resumed: before.pid !== undefined });
  for (let start = 1; ; start++) {
    const { saved, iteration, cursor } = progress.read();
    if (start > 1 || before.pid !== undefined) abandon(keeper, saved, iteration, cursor);
    const outcome = await attempt(paths, keeper, work, saved, signal);
    if ("outcome" in outcome) return outcome;
    if ("engineLost" in outcome) {
      const asked = await waitForEngine(keeper, outcome.engineLost, signal);
      if (asked === "stop") return { outcome: "stopped", reason: `Stopped; ${outcome.engineLost}` };
      // A pause is not counted: somebody decided that it goes on.
      start = 0;
      before.pid = process.pid;
      continue;
    }
    if (keeper.asked() === "stop") return { outcome: "stopped", reason: `Stopped; ${outcome.engineDied}` };
    if (start === engineStarts)
      return { outcome: "failed", reason: `The engine ended ${engineStarts} times: ${outcome.engineDied}` };
    keeper.record({ type: "log", level: "warning", message: `${outcome.engineDied} It is started again.` });
  }
}

/** An engine elsewhere may come back: the run waits, with the reason, until somebody lets it go on or stops it. */
async function waitForEngine(keeper: RunKeeper, reason: string, signal: AbortSignal): Promise<Asked> {
  if (keeper.asked() === "stop" || signal.aborted) return "stop";
  keeper.record({ type: "state", state: "paused", reason: `${reason} Resume the run when the engine answers again.` });
  try {
    return await keeper.whilePaused(signal);
  } catch (error) {
    if (signal.aborted) return "stop";
    throw error;
  }
}

function abandon(keeper: RunKeeper, saved: SavedCheckpoint | undefined, iteration: number, cursor: number): void {
  const acknowledged = saved?.position.iteration ?? 0;
  if (cursor > 0 && iteration > acknowledged) keeper.record({ type: "abandoned", iteration: acknowledged - 1 });
}

async function attempt(
  paths: RunPaths,
  keeper: RunKeeper,
  work: RunWork,
  saved: SavedCheckpoint | undefined,
  signal: AbortSignal,
): Promise<TrainingEnd | { engineDied: string } | { engineLost: string }> {
  const manifest = readManifest(paths);
  const attempt = new AbortController();
  const both = AbortSignal.any([signal, attempt.signal]);
  let opened: OpenedRun | undefined;
  let died: string | undefined;
  try {
    opened = await work.open({
      recipe: manifest.recipe,
      base: dirname(manifest.source),
      engineHome: paths.engine,
      folder: paths.folder,
      signal: both,
      onProgress: (message) => keeper.record({ type: "log", level: "info", message }),
    });
    void opened.engineEnded.then((reason) => {
      died = reason;
      attempt.abort(new Error(reason));
    });
    return await work.train(opened.parts, keeper, saved, both);
  } catch (error) {
    if (died !== undefined) return { engineDied: died };
    if (signal.aborted) return { outcome: "stopped", reason: "Ended without a last checkpoint, as was asked twice." };
    console.error(error);
    if (manifest.recipe.engine.kind === "remote" && error instanceof EngineError && passing.has(error.kind))
      return { engineLost: error.message };
    return { outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
  } finally {
    if (opened) await tearDown(opened, keeper);
  }
}

async function tearDown(opened: OpenedRun, keeper: RunKeeper): Promise<void> {
  let left: string[];
  try {
    left = await opened.close();
  } catch (error) {
    left = [error instanceof Error ? error.message : String(error)];
  }
  try {
    keeper.record(
      left.length === 0
        ? { type: "log", level: "info", message: "The engine and everything it started has ended." }
        : { type: "log", level: "error", message: `Still running: ${left.join(", ")}; end it by hand.` },
    );
  } catch (error) {
    // The disk is full: how the run ended matters more, and is tried next.
    console.error(error);
  }
}

/** A full disk gets its reserve back first. Where the end cannot be written even so, the run counts as crashed, and the log says why. */
function recordEnd(paths: RunPaths, keeper: RunKeeper, { outcome, reason }: TrainingEnd): void {
  for (const lastTry of [false, true]) {
    try {
      keeper.record({ type: "done", outcome, reason });
      return;
    } catch (error) {
      if (!(error instanceof RunDiskError)) throw error;
      rmSync(paths.reserve, { force: true });
      if (lastTry) console.error(`${reason} ${error.message}`);
    }
  }
}

function askToStop(keeper: RunKeeper): void {
  try {
    keeper.ask("stop");
  } catch (error) {
    console.error(error);
  }
}
