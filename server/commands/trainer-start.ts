import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { logTail } from "../engine/engine-log.ts";
import { type KnownEngine, engineIn } from "../engine/engine-registry.ts";
import { lastLine } from "../engine/run-program.ts";
import { type EngineOptions, type RunningEngine, startEngine } from "../engine/start-engine.ts";
import { chosenModel } from "./chosen-model.ts";
import { CommandError, interruptSignal, note, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";
import {
  asCommandError,
  readBackend,
  readCount,
  readDevice,
  tellNeverRun,
  usualEngineHome,
} from "./trainer-options.ts";

interface StartOptions {
  model?: string;
  backend: string;
  device: string;
  python?: string;
  port?: string;
  rank: string;
  adapters: string;
  microBatch: string;
  samplingWidth: string;
  devices: string;
  home?: string;
  detach?: boolean;
  json?: boolean;
}

export function addStartCommand(command: Command): void {
  command
    .command("start")
    .description("Start the engine and wait until its model is loaded; Ctrl-C stops it.")
    .option(
      "--model <folder>",
      "model folder, or a name that `searchlight models` lists; the only one listed where absent",
    )
    .option("--backend <name>", "jax, fsdp or megatron (GPUs)", "jax")
    .option("--device <name>", "of the jax backend: cpu, or cuda for NVIDIA GPUs", "cpu")
    .option("--python <path>", "interpreter that has the engine's packages; they are installed where absent")
    .option("--port <port>", "port of this machine; any free one where absent")
    .option("--rank <n>", "largest rank of an adapter", "8")
    .option("--adapters <n>", "places for adapters, the base model's included", "4")
    .option("--micro-batch <n>", "sequences per forward and backward pass", "8")
    .option("--sampling-width <n>", "sequences that are sampled together", "32")
    .option("--devices <n>", "GPUs, or virtual devices of the processor", "1")
    .option("--home <folder>", "folder of its database, checkpoints and log")
    .option("--detach", "leave it running and end")
    .option("--json", "one JSON object on standard output once it is ready")
    .action((options: StartOptions) => (options.detach ? startDetached(options) : startHere(options)));
}

/** The options in the engine's terms. Throws `CommandError` for those that cannot be. */
function readStart(options: StartOptions): Omit<EngineOptions, "signal"> {
  return {
    model: chosenModel(options.model),
    home: resolve(options.home ?? usualEngineHome()),
    backend: readBackend(options.backend),
    device: readDevice(options.device),
    ...(options.python === undefined ? {} : { python: resolve(options.python) }),
    ...(options.port === undefined ? {} : { port: readCount("--port", options.port, 1, 65_535) }),
    rank: readCount("--rank", options.rank, 1, 256),
    adapters: readCount("--adapters", options.adapters, 2, 1024),
    microBatch: readCount("--micro-batch", options.microBatch, 1, 4096),
    samplingWidth: readCount("--sampling-width", options.samplingWidth, 1, 65_536),
    devices: readCount("--devices", options.devices, 1, 64),
  };
}

async function startHere(options: StartOptions): Promise<void> {
  const given = readStart(options);
  tellNeverRun(given.backend);
  const interrupted = interruptSignal();
  const asked = new AbortController();
  for (const name of ["SIGTERM", "SIGHUP"] as const) process.once(name, () => asked.abort());
  const signal = AbortSignal.any([interrupted, asked.signal]);
  let engine: RunningEngine;
  try {
    engine = await startEngine({ ...given, owner: "command", signal, onProgress: note });
  } catch (error) {
    throw asCommandError(error);
  }
  report(engineIn(engine.home)!, options.json === true);
  const stopped = new Promise<undefined>((done) =>
    signal.addEventListener("abort", () => done(undefined), { once: true }),
  );
  const end = await Promise.race([engine.exited, stopped]);
  if (end) throw new CommandError(`${end.reason} Its log is ${engine.logFile}.`);
  await engine.stop();
}

/** The same command once more, in the background: it holds the engine, keeps its log small and stops it when it is asked to. */
async function startDetached(options: StartOptions): Promise<void> {
  const { home } = readStart(options);
  mkdirSync(home, { recursive: true });
  // Told from here where the person waits for it.
  const running = engineIn(home);
  if (running) throw new CommandError(`An engine runs in ${home} already, at ${running.record.url}.`);
  const file = join(home, "start.log");
  const log = openSync(file, "w");
  const args = [...process.execArgv, ...process.argv.slice(1).filter((arg) => arg !== "--detach" && arg !== "--json")];
  const holder = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  holder.unref();
  let ended = false;
  holder.once("exit", () => (ended = true));
  const interrupted = interruptSignal();
  for (;;) {
    await wait(200);
    if (interrupted.aborted) {
      holder.kill("SIGTERM");
      throw interrupted.reason;
    }
    if (ended) throw new CommandError(lastLine(logTail(file)) || "The engine did not start.");
    const engine = engineIn(home);
    // Its processes are written down when it is ready.
    if (engine && engine.record.members.length > 0) return report(engine, options.json === true);
  }
}

function report({ home, record }: KnownEngine, json: boolean): void {
  const { url, model, backend, device } = record;
  if (json)
    return printJson({ url, model, backend, device, group: record.leader.pid, home, log: join(home, "engine.log") });
  print(visible(`The engine answers at ${url} with ${model} (${backend}${device === "cuda" ? ", CUDA" : ""}).`));
  note(`Its log is ${join(home, "engine.log")}.`);
}
