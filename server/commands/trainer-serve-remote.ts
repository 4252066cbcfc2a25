import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { freePort } from "../engine/free-port.ts";
import type { EngineProxy } from "../engine/proxy.ts";
import { type RemoteEngine, remoteCommand, remoteScript, remoteStopScript } from "../engine/remote-script.ts";
import { isSshHost, shellQuoted } from "../engine/shell-quote.ts";
import { sshFailed } from "../engine/ssh-failure.ts";
import { type Ssh, startSsh } from "../engine/ssh-process.ts";
import { getJson } from "../models/http.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";
import { readBackend, readCount, readDevice, tellNeverRun } from "./trainer-options.ts";

interface RemoteOptions {
  model?: string;
  backend: string;
  device: string;
  python?: string;
  home?: string;
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
      "Print, or run with --run, what sets up and starts an engine on another machine over ssh, with a tunnel to it.",
    )
    .argument("<host>", "machine as ssh knows it: an alias, HOST or USER@HOST")
    .option("--model <path>", "model folder on that machine, from / or ~/ on; needed but for --stop")
    .option("--backend <name>", "jax, fsdp or megatron (GPUs)", "fsdp")
    .option("--device <name>", "of the jax backend: cpu, or cuda for NVIDIA GPUs", "cpu")
    .option("--python <path>", "interpreter on that machine that has the engine's packages; installed where absent")
    .option("--home <folder>", "folder on that machine of its database, checkpoints and log")
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
  if (!isSshHost(host))
    throw new CommandError(`${host} is no machine's name for ssh; give HOST, USER@HOST or an alias.`, exitCodes.usage);
  const home = hostPathOf("--home", options.home);
  if (options.stop) {
    const script = remoteStopScript(home);
    if (options.script) return print(script);
    return options.run ? stopRemote(host, script) : print(sshLine("-T", "--", host, remoteCommand(script)));
  }
  const engine = readEngine(options, home);
  const script = remoteScript(engine);
  if (options.script) return print(script);
  tellNeverRun(engine.backend);
  const local = options.localPort === undefined ? undefined : readCount("--local-port", options.localPort, 1, 65_535);
  if (!options.run) return printPlan(host, engine, script, local ?? engine.port);
  const port = await freePort(local);
  if (port === undefined) throw new CommandError(`Port ${local} is taken; choose another with --local-port.`);
  await run(host, engine, script, port, options);
}

function readEngine(options: RemoteOptions, home: string | undefined): RemoteEngine {
  const model = hostPathOf("--model", options.model);
  if (model === undefined) throw new CommandError("--model names the model folder on that machine.", exitCodes.usage);
  const python = hostPathOf("--python", options.python);
  return {
    model,
    backend: readBackend(options.backend),
    device: readDevice(options.device),
    ...(python === undefined ? {} : { python }),
    ...(home === undefined ? {} : { home }),
    port: readCount("--port", options.port, 1, 65_535),
    rank: readCount("--rank", options.rank, 1, 1024),
    adapters: readCount("--adapters", options.adapters, 2, 1024),
    microBatch: readCount("--micro-batch", options.microBatch, 1, 4096),
    samplingWidth: readCount("--sampling-width", options.samplingWidth, 1, 65_536),
    devices: readCount("--devices", options.devices, 1, 1024),
    keep: options.keep === true,
  };
}

function hostPathOf(option: string, path: string | undefined): string | undefined {
  if (path !== undefined && !/^(?:\/|~\/)[^\0\n]*$/.test(path))
    throw new CommandError(`${option} takes a path on that machine, from / or ~/ on.`, exitCodes.usage);
  return path;
}

/** Never asks: a question in the middle of a tunnel's output would not be seen. A tunnel that cannot be made ends it. */
const sshOptions = ["-T", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=15", "-o", "BatchMode=yes"];

function tunnelOf(port: number, { port: remote }: RemoteEngine): string[] {
  return ["-L", `127.0.0.1:${port}:127.0.0.1:${remote}`];
}

function sshLine(...args: string[]): string {
  return ["ssh", ...args].map(plainWord).join(" ");
}

function printPlan(host: string, engine: RemoteEngine, script: string, port: number): void {
  print(`# Sets up and starts the engine on ${host}; --script shows what runs there, --run runs it.`);
  if (engine.keep) {
    print(sshLine("-T", "--", host, remoteCommand(script)));
    print("# The tunnel to it:");
    print(sshLine("-N", ...tunnelOf(port, engine), "--", host));
  } else print(sshLine("-T", ...tunnelOf(port, engine), "--", host, remoteCommand(script)));
  print(`# Then in a recipe: engine: { kind: remote, url: "http://127.0.0.1:${port}" }`);
  print("# Without a tunnel, a proxy with a token and a certificate stands before it; on that machine:");
  print(
    `# SEARCHLIGHT_ENGINE_TOKEN=... searchlight trainer proxy --to http://127.0.0.1:${engine.port} --host 0.0.0.0 --tls-cert FILE --tls-key FILE`,
  );
}

function plainWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellQuoted(text);
}

async function stopRemote(host: string, script: string): Promise<void> {
  const ssh = startSsh(["-T", "-o", "BatchMode=yes", "--", host, remoteCommand(script)], (text, stream) =>
    process[stream].write(visible(text)),
  );
  ssh.child.stdin?.end();
  const code = await ssh.over;
  if (code !== 0)
    throw new CommandError(ssh.sentence(host, code) ?? `The engine on ${host} was not stopped (${code}).`);
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
    const first = startHere([...sshOptions, "--", host, remoteCommand(script)]);
    first.child.stdin?.end();
    const code = await Promise.race([first.over, aborted(interrupted)]);
    if (code === undefined) {
      first.child.kill("SIGTERM");
      throw new CommandError(
        `An engine that starts on ${host} goes on starting; --run --stop ends it.`,
        exitCodes.interrupted,
      );
    }
    if (code !== 0) throw notStarted(host, first, code);
  }
  // The engine ends when its standard input does, which this process holds; its output is for the person's eyes.
  const ssh = startHere([
    ...sshOptions,
    ...tunnelOf(port, engine),
    ...(engine.keep ? ["-N", "--", host] : ["--", host, remoteCommand(script)]),
  ]);
  let proxy: EngineProxy | undefined;
  try {
    const url = `http://127.0.0.1:${port}`;
    await answering(url, ssh, interrupted, host, engine.keep);
    const given = process.env["SEARCHLIGHT_ENGINE_TOKEN"];
    const token = given ?? randomBytes(24).toString("base64url");
    if (options.proxyPort !== undefined) proxy = await openProxyHere(url, options.proxyPort, token);
    const address = proxy?.url ?? url;
    const shown = proxy && given === undefined;
    if (options.json) printJson({ host, url: address, ...(shown ? { token } : {}) });
    else print(`The engine on ${host} answers at ${address}${shown ? ` to who sends the token ${token}` : ""}.`);
    const code = await Promise.race([ssh.over, aborted(interrupted)]);
    if (code !== undefined)
      throw new CommandError(
        engine.keep
          ? `The connection to ${host} ended (ssh: ${code}); the engine was kept, and the same command without --run prints the tunnel to it.`
          : `The connection to ${host} ended (ssh: ${code}), and the engine with it; run the command again.`,
      );
  } finally {
    await proxy?.close();
    ssh.child.stdin?.end();
    if (engine.keep) ssh.child.kill("SIGTERM");
    // Time for the engine to end at the closed input before the connection goes.
    const gone = await Promise.race([ssh.over, wait(8000)]);
    if (gone === undefined) ssh.child.kill("SIGTERM");
  }
}

/** Shows what the other machine says, which no terminal is to obey. */
function startHere(args: readonly string[]): Ssh {
  return startSsh(args, (text) => process.stderr.write(visible(text)));
}

function notStarted(host: string, ssh: Ssh, code: number | string): CommandError {
  const why =
    code === sshFailed
      ? `The connection to ${host} failed or broke; try ssh ${host} by itself, which says why.`
      : `The engine did not start on ${host}; what it said is above (ssh: ${code}).`;
  return new CommandError(ssh.sentence(host, code) ?? why);
}

async function openProxyHere(to: string, port: string, token: string): Promise<EngineProxy> {
  const { openProxy } = await import("../engine/proxy.ts");
  return openProxy({ to, host: "127.0.0.1", port: readCount("--proxy-port", port, 0, 65_535), token });
}

/** Resolves when the engine answers through the tunnel. Its packages are fetched first, which takes as long as it takes. */
async function answering(url: string, ssh: Ssh, signal: AbortSignal, host: string, keep: boolean): Promise<void> {
  let ended: number | string | undefined;
  void ssh.over.then((code) => (ended = code));
  // Before its engine is ready another program could answer at the port; a kept one was waited for.
  let ready = keep;
  void ssh.ready.then(() => (ready = true));
  for (;;) {
    signal.throwIfAborted();
    if (ended !== undefined) throw notStarted(host, ssh, ended);
    if (ready && (await answers(url, signal))) return;
    await wait(500);
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    await getJson(`${url}/api/v1/healthz`, { signal, seconds: 5, retries: 0, maxBytes: 2 ** 16 });
    return true;
  } catch {
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    for (const name of ["SIGTERM", "SIGHUP"] as const) process.once(name, () => resolve(undefined));
  });
}
