import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { freePort } from "../engine/free-port.ts";
import type { EngineProxy } from "../engine/proxy.ts";
import { type RemoteEngine, remoteCommand, remoteScript, remoteStopScript } from "../engine/remote-script.ts";
import { isSshHost, shellQuoted } from "../engine/shell-quote.ts";
import { getJson } from "../models/http.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { readBackend, readCount, readDevice } from "./trainer-options.ts";

interface RemoteOptions {
  model: string;
  backend: string;
  device: string;
  port: string;
  localPort?: string;
  rank: string;
  adapters: string;
  microBatch: string;
  samplingWidth: string;
  devices: string;
  proxyPort?: string;
  script?: boolean;
  run?: boolean;
  keep?: boolean;
  stop?: boolean;
  json?: boolean;
}

export function addServeRemoteCommand(command: Command): void {
  command
    .command("serve-remote")
    .description(
      "Prints, or runs with --run, what sets up and starts an engine on another machine over ssh, with a tunnel to it.",
    )
    .argument("<host>", "machine as ssh knows it: an alias, HOST or USER@HOST")
    .requiredOption("--model <path>", "model folder on that machine, from / or ~/ on")
    .option("--backend <name>", "jax, fsdp or megatron (GPUs)", "fsdp")
    .option("--device <name>", "of the jax backend: cpu, or cuda for NVIDIA GPUs", "cpu")
    .option("--port <port>", "port on that machine, on its loopback address", "8123")
    .option("--local-port <port>", "port on this machine; any free one with --run, else the same")
    .option("--rank <n>", "largest rank of an adapter", "8")
    .option("--adapters <n>", "places for adapters, the base model's included", "4")
    .option("--micro-batch <n>", "sequences per forward and backward pass", "8")
    .option("--sampling-width <n>", "sequences that are sampled together", "256")
    .option("--devices <n>", "GPUs", "1")
    .option("--proxy-port <port>", "with --run: an authenticating proxy on this port stands before the tunnel")
    .option("--script", "prints the script that runs on the machine, to be read")
    .option("--run", "runs it; Ctrl-C ends the engine with the connection")
    .option("--keep", "the engine outlives the connection, and only the tunnel ends; --stop ends the engine")
    .option("--stop", "ends an engine that was kept")
    .option("--json", "with --run: the address as one JSON object on standard output")
    .action((host: string, options: RemoteOptions) => serveRemote(host, options));
}

async function serveRemote(host: string, options: RemoteOptions): Promise<void> {
  if (!isSshHost(host)) throw new CommandError(`${host} is no machine's name for ssh.`, exitCodes.usage);
  const engine = readEngine(options);
  const script = remoteScript(engine);
  if (options.script) return print(script);
  const local = options.localPort === undefined ? undefined : readCount("--local-port", options.localPort, 1, 65_535);
  if (!options.run) return printPlan(host, engine, script, local ?? engine.port, options.stop === true);
  if (options.stop) return stopRemote(host);
  const port = await freePort(local);
  if (port === undefined) throw new CommandError(`Port ${local} is taken; choose another with --local-port.`);
  await run(host, engine, script, port, options);
}

function readEngine(options: RemoteOptions): RemoteEngine {
  if (!/^(?:\/|~\/)[^\0\n]*$/.test(options.model))
    throw new CommandError("--model takes a path on that machine, from / or ~/ on.", exitCodes.usage);
  return {
    model: options.model,
    backend: readBackend(options.backend),
    device: readDevice(options.device),
    port: readCount("--port", options.port, 1, 65_535),
    rank: readCount("--rank", options.rank, 1, 1024),
    adapters: readCount("--adapters", options.adapters, 2, 1024),
    microBatch: readCount("--micro-batch", options.microBatch, 1, 4096),
    samplingWidth: readCount("--sampling-width", options.samplingWidth, 1, 65_536),
    devices: readCount("--devices", options.devices, 1, 1024),
    keep: options.keep === true,
  };
}

/** Never asks: a question in the middle of a tunnel's output would not be seen. A tunnel that cannot be made ends it. */
const sshOptions = ["-T", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=15", "-o", "BatchMode=yes"];

function tunnelOf(port: number, { port: remote }: RemoteEngine): string[] {
  return ["-L", `127.0.0.1:${port}:127.0.0.1:${remote}`];
}

function printPlan(host: string, engine: RemoteEngine, script: string, port: number, stop: boolean): void {
  const line = (...args: string[]): string => ["ssh", ...args].map(plainWord).join(" ");
  if (stop) return print(line("-T", "--", host, remoteCommand(remoteStopScript())));
  print(`# Sets up and starts the engine on ${host}; --script shows what runs there, --run runs it.`);
  if (engine.keep) {
    print(line("-T", "--", host, remoteCommand(script)));
    print("# The tunnel to it:");
    print(line("-N", ...tunnelOf(port, engine), "--", host));
  } else print(line("-T", ...tunnelOf(port, engine), "--", host, remoteCommand(script)));
  print(`# Then in a recipe: engine: { kind: remote, url: "http://127.0.0.1:${port}" }`);
  print("# Without a tunnel, a proxy with a token and a certificate stands before it; on that machine:");
  print(
    `# SEARCHLIGHT_ENGINE_TOKEN=... searchlight trainer proxy --to http://127.0.0.1:${engine.port} --host 0.0.0.0 --tls-cert FILE --tls-key FILE`,
  );
}

function plainWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}

async function stopRemote(host: string): Promise<void> {
  const ssh = spawn("ssh", ["-T", "-o", "BatchMode=yes", "--", host, remoteCommand(remoteStopScript())], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await ending(ssh);
  if (code !== 0) throw new CommandError(`ssh ${host} ended with ${code}.`);
}

async function run(
  host: string,
  engine: RemoteEngine,
  script: string,
  port: number,
  options: RemoteOptions,
): Promise<void> {
  const interrupted = interruptSignal();
  if (engine.keep) {
    const first = spawn("ssh", [...sshOptions, "--", host, remoteCommand(script)], { stdio: ["ignore", 2, 2] });
    const code = await ending(first);
    if (code !== 0) throw new CommandError(`The engine could not be set up: ssh ${host} ended with ${code}.`);
  }
  const args = [
    ...sshOptions,
    ...tunnelOf(port, engine),
    ...(engine.keep ? ["-N", "--", host] : ["--", host, remoteCommand(script)]),
  ];
  // The engine ends when its standard input does, which this process holds; its output is for the person's eyes.
  const ssh = spawn("ssh", args, { stdio: ["pipe", 2, 2], detached: true });
  ssh.stdin?.on("error", () => {});
  const over = ending(ssh);
  let proxy: EngineProxy | undefined;
  try {
    const url = `http://127.0.0.1:${port}`;
    await answering(url, over, interrupted, host, engine.keep);
    const given = process.env["SEARCHLIGHT_ENGINE_TOKEN"];
    const token = given ?? randomBytes(24).toString("base64url");
    if (options.proxyPort !== undefined) proxy = await openProxyHere(url, options.proxyPort, token);
    const address = proxy?.url ?? url;
    const shown = proxy && given === undefined;
    if (options.json) printJson({ host, url: address, ...(shown ? { token } : {}) });
    else print(`The engine on ${host} answers at ${address}${shown ? ` to who sends the token ${token}` : ""}.`);
    const code = await Promise.race([over, aborted(interrupted)]);
    if (code !== undefined) throw new CommandError(`The connection to ${host} ended (ssh: ${code}).`);
  } finally {
    await proxy?.close();
    ssh.stdin?.end();
    if (engine.keep) ssh.kill("SIGTERM");
    // Time for the engine to end at the closed input before the connection goes.
    const gone = await Promise.race([over, wait(8000)]);
    if (gone === undefined) ssh.kill("SIGTERM");
  }
}

async function openProxyHere(to: string, port: string, token: string): Promise<EngineProxy> {
  const { openProxy } = await import("../engine/proxy.ts");
  return openProxy({ to, host: "127.0.0.1", port: readCount("--proxy-port", port, 0, 65_535), token });
}

/** Resolves when the engine answers through the tunnel. Its packages are fetched first, which takes as long as it takes. */
async function answering(
  url: string,
  over: Promise<number | string>,
  signal: AbortSignal,
  host: string,
  keep: boolean,
): Promise<void> {
  // A kept engine that fails does not end the tunnel to it.
  const until = Date.now() + patienceMilliseconds;
  let ended: number | string | undefined;
  void over.then((code) => (ended = code));
  for (;;) {
    signal.throwIfAborted();
    if (ended !== undefined)
      throw new CommandError(
        ended === "ENOENT"
          ? "ssh is not installed on this machine."
          : `The engine did not start: ssh ${host} ended with ${ended}.`,
      );
    try {
      await getJson(`${url}/api/v1/healthz`, { signal, seconds: 5, retries: 0, maxBytes: 2 ** 16 });
      return;
    } catch {
      if (keep && Date.now() > until)
        throw new CommandError(
          `The engine on ${host} does not answer; its log is on that machine, where the line above says.`,
        );
      await wait(500);
    }
  }
}

const patienceMilliseconds = 10 * 60_000;

function ending(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "nothing"));
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    for (const name of ["SIGTERM", "SIGHUP"] as const) process.once(name, () => resolve(undefined));
  });
}
