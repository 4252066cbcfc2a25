import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { getJson } from "../models/http.ts";
import { type ProcessIdentity, identify } from "../process-identity.ts";
import { type EngineShape, engineCommand } from "./engine-command.ts";
import {
  type EngineHome,
  type EngineRecord,
  engineHome,
  readRecord,
  removeRecord,
  writeRecord,
} from "./engine-home.ts";
import { capLog, failureInLog, logTail, openLog } from "./engine-log.ts";
import { forgetHome, rememberHome } from "./engine-registry.ts";
import { EngineStartError } from "./engine-start-error.ts";
import { type EngineEnvironment, ensureEnvironment } from "./environment.ts";
import { readModelFolder } from "./model-folder.ts";
import { freePort } from "./free-port.ts";
import { requireGpu } from "./find-gpus.ts";
import { claimHome } from "./home-claim.ts";
import { endOrphans, recordIsLive } from "./orphans.ts";
import { endGroup, groupMembers } from "./process-group.ts";
import { lastLine, runProgram } from "./run-program.ts";
import type { Backend, Device } from "./trainer-project.ts";

export interface EngineOptions extends Omit<EngineShape, "devices"> {
  /** Folder of this engine's own files; what an earlier engine saved there can be loaded again. */
  readonly home: string;
  readonly backend: Backend;
  /** Of the jax backend; `cpu` where absent. */
  readonly device?: Device;
  /** An interpreter that has the engine's packages; absent: `SEARCHLIGHT_TRAINER_PYTHON`, else they are installed. */
  readonly python?: string;
  /** Any free one where absent. */
  readonly port?: number;
  readonly devices?: number;
  readonly signal: AbortSignal;
  /** Told what is being waited for. */
  readonly onProgress?: (line: string) => void;
  /** Who says when it stops; a run where absent. */
  readonly owner?: EngineRecord["owner"];
  /** Longest time from the process's start until it is ready. */
  readonly seconds?: number;
}

/** How an engine ended. */
export interface EngineEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** One sentence; for an engine that was stopped, that it was. */
  reason: string;
}

export interface RunningEngine {
  /** `http://127.0.0.1:PORT`, without the protocol's `/api/v1`. */
  readonly url: string;
  readonly pid: number;
  /** Number of the process group that holds the server and everything it started. */
  readonly group: number;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  readonly home: string;
  /** Ends the whole group and resolves when nothing of it runs. */
  stop(): Promise<void>;
  /** Resolves when the server's first process has ended and the rest of the group with it. Never rejects. */
  readonly exited: Promise<EngineEnd>;
}

/** The line of the engine's process after it has loaded the model; from then on it takes requests (skyrl/tinker/engine.py, `run`). */
export const readyLine = "Starting background engine...";

/** A model of some size is loaded and compiled for minutes on a slow machine. */
const patienceSeconds = 900;

/**
 * Starts an engine in a process group of its own and waits until it answers and its model is loaded. The engine ends with this
 * process, also when this process is killed. Throws `EngineStartError`.
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const { signal, onProgress = () => {} } = options;
  const model = readModelFolder(options.model, options.backend);
  if (!model.ok) throw new EngineStartError("model", model.reason);
  if (options.device === "cuda") await requireGpu(signal);
  const environment = await ensureEnvironment(options, signal, onProgress);
  const home = engineHome(options.home);
  const claim = claimHome(home.folder);
  if (!claim.ok) throw busy(home, claim.pid);
  try {
    await clearHome(home, environment);
    const engine = await startIn(home, environment, options);
    void engine.exited.then(claim.release);
    return engine;
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Starts it on a port that is free until then. */
async function startIn(
  home: EngineHome,
  environment: EngineEnvironment,
  options: EngineOptions,
): Promise<RunningEngine> {
  const { signal, onProgress = () => {} } = options;
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(options.port);
    if (port === undefined)
      throw new EngineStartError("port", `Port ${options.port} is taken; choose another, or none for any free one.`);
    const shape = { ...options, devices: options.devices ?? 1 };
    const engine = launch(environment, home, shape, port, options.owner ?? "run");
    onProgress(`Starting the engine at ${engine.url}`);
    try {
      await ready(engine, options);
      const members = await groupMembers(engine.group);
      const record = readRecord(home);
      if (record) writeRecord(home, { ...record, members });
      return engine;
    } catch (error) {
      await engine.stop();
      if (signal.aborted) throw new EngineStartError("cancelled", "The start of the engine was stopped.");
      // Between the look for a free port and its use another program may take it.
      if (options.port === undefined && attempt < 3 && /address already in use/i.test(logTail(home.log))) continue;
      throw error;
    }
  }
}

/** Makes an existing folder fit for another engine: nothing of an earlier one runs or waits in it. */
async function clearHome(home: EngineHome, environment: EngineEnvironment): Promise<void> {
  const record = readRecord(home);
  // An engine of a program that did not claim the folder, or whose claim was taken away by hand.
  if (record && recordIsLive(record) === "held") throw busy(home, record.starter.pid);
  if (record) await endOrphans(home, record);
  if (!existsSync(home.database)) return;
  const args = ["-I", environment.project.settle, home.database];
  const { code, stderr } = await runProgram(environment.python, args, { seconds: 120 });
  if (code !== 0) {
    throw new EngineStartError(
      "start",
      `The engine's database ${home.database} cannot be used (${lastLine(stderr)}); make room on the disk, or choose another folder.`,
    );
  }
}

function busy({ folder }: EngineHome, pid: number): EngineStartError {
  return new EngineStartError(
    "busy",
    `An engine of process ${pid} runs in ${folder} already; stop it, or choose another folder.`,
  );
}

function launch(
  environment: EngineEnvironment,
  home: EngineHome,
  shape: EngineShape,
  port: number,
  owner: EngineRecord["owner"],
): RunningEngine {
  const command = engineCommand(environment, home, shape, port);
  const log = openLog(home.log);
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      // Standard input is the leash: it closes when this process ends, however it ends.
      stdio: ["pipe", log, log],
    });
  } finally {
    closeSync(log);
  }
  child.stdin?.on("error", () => {});
  const url = `http://127.0.0.1:${port}`;
  const pid = child.pid;
  if (pid !== undefined) {
    rememberHome(home.folder);
    writeRecord(home, {
      url,
      model: shape.model,
      backend: environment.backend,
      device: environment.device,
      owner,
      starter: identify(process.pid),
      leader: identify(pid),
      members: [],
      started: new Date().toISOString(),
    });
  }
  const stopCap = capLog(home.log);
  let stopping: Promise<void> | undefined;
  const exited = new Promise<EngineEnd>((resolve) => {
    const finish = async (code: number | null, signal: NodeJS.Signals | null, failure?: string): Promise<void> => {
      // What the first process leaves behind when it is killed.
      if (pid !== undefined) await endGroup(pid);
      stopCap();
      removeRecord(home);
      forgetHome(home.folder);
      resolve({ code, signal, reason: stopping ? "The engine was stopped." : endReason(signal, failure, home) });
    };
    child.once("error", (error) => void finish(null, null, error.message));
    child.once("exit", (code, signal) => void finish(code, signal));
  });
  return {
    url,
    pid: pid ?? 0,
    group: pid ?? 0,
    identity: pid === undefined ? { pid: 0, start: "" } : identify(pid),
    logFile: home.log,
    home: home.folder,
    exited,
    stop() {
      stopping ??= (async () => {
        if (pid !== undefined) await endGroup(pid);
        await exited;
      })();
      return stopping;
    },
  };
}

function endReason(signal: NodeJS.Signals | null, failure: string | undefined, { log }: EngineHome): string {
  if (failure) return `The engine could not be started: ${failure}.`;
  if (signal) return `The engine was ended from outside (${signal}).`;
  return `The engine ended by itself: ${failureInLog(logTail(log)) ?? "its log is empty"}`;
}

const Capabilities = z.object({ supported_models: z.array(z.object({ model_name: z.string() })) });

/** Resolves when the server answers as the one for this model, and its engine has loaded the model. */
async function ready(
  engine: RunningEngine,
  { model, signal, seconds = patienceSeconds }: EngineOptions,
): Promise<void> {
  const until = Date.now() + seconds * 1000;
  let ended: EngineEnd | undefined;
  void engine.exited.then((end) => (ended = end));
  let answers = false;
  while (!answers || !logTail(engine.logFile, 2 ** 20).includes(readyLine)) {
    signal.throwIfAborted();
    if (ended)
      throw new EngineStartError("start", `${ended.reason.replace(/\.?$/, "")}; ${engine.logFile} has the rest.`);
    if (Date.now() > until) {
      throw new EngineStartError(
        "start",
        `The engine was not ready within ${seconds} s; ${engine.logFile} says how far it came.`,
      );
    }
    answers ||= await serves(engine.url, model, signal);
    await wait(100, undefined, { signal }).catch(() => {});
  }
}

async function serves(url: string, model: string, signal: AbortSignal): Promise<boolean> {
  try {
    const options = { signal, seconds: 5, retries: 0, maxBytes: 2 ** 20 };
    const answer = Capabilities.safeParse(await getJson(`${url}/api/v1/get_server_capabilities`, options));
    return answer.success && answer.data.supported_models.some(({ model_name }) => model_name === model);
  } catch {
    return false;
  }
}
