import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Command } from "commander";
import { openLocalRuns } from "../local-runs.ts";
import type { RunService, RunServiceOptions } from "../runs/http-service.ts";
import { runsHome } from "../runs/run-paths.ts";
import { serviceTokenName } from "./chosen-run-host.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { readCount } from "./trainer-options.ts";
import { whyUnread } from "../file-failure.ts";

interface ServeOptions {
  port: string;
  host: string;
  tokenFile?: string;
  tlsCert?: string;
  tlsKey?: string;
  json?: boolean;
}

export function addRunServeCommand(program: Command): void {
  program
    .command("serve")
    .description("Serve this machine's training runs to editors and terminals elsewhere; runs go on when it ends.")
    .option("--port <port>", "port; 0 takes any free one", "8300")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option(
      "--token-file <file>",
      `file with the token that callers must send; else it is taken from ${serviceTokenName}`,
    )
    .option("--tls-cert <file>", "certificate (PEM)")
    .option("--tls-key <file>", "its key (PEM)")
    .option("--json", "the address as one JSON object on standard output")
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const loopback = isLoopback(options.host);
  const { token, made } = tokenFor(options.tokenFile, loopback);
  const tls = tlsFor(options);
  const signal = interruptSignal();
  const service = await listen({
    runs: openLocalRuns(),
    home: runsHome(),
    host: options.host,
    port: readCount("--port", options.port, 0, 65_535),
    token,
    ...(tls ? { tls } : {}),
  });
  if (options.json) printJson({ url: service.url, ...(made ? { token } : {}) });
  else {
    print(`Training runs of this machine are served at ${service.url} to who sends the token.`);
    if (made) print(`Token: ${token}`);
  }
  if (!tls && !loopback)
    note(
      "Without --tls-cert and --tls-key the token travels readably; listen on 127.0.0.1 behind an ssh tunnel instead.",
    );
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    process.once("SIGTERM", resolve);
  });
  await service.close();
}

async function listen(options: RunServiceOptions): Promise<RunService> {
  // Loaded here, since the HTTP server would cost every other command its time as well.
  const { openRunService } = await import("../runs/http-service.ts");
  try {
    return await openRunService(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new CommandError(`Port ${options.port} is taken; choose another with --port.`);
    if (code === "EACCES") throw new CommandError(`Port ${options.port} may not be used; choose one above 1023.`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new CommandError(`${options.host} is no address of this machine.`, exitCodes.usage);
    if (code?.startsWith("ERR_OSSL") || /PEM|key values mismatch/i.test(message))
      throw new CommandError(
        "The certificate and the key are not two PEM files that belong together.",
        exitCodes.usage,
      );
    throw error;
  }
}

/** From a file or the environment, never from an argument, which every user of the machine can read. One is made for loopback only. */
function tokenFor(file: string | undefined, loopback: boolean): { token: string; made: boolean } {
  const given = file === undefined ? process.env[serviceTokenName] : readText("--token-file", file).trim();
  if (given === undefined || given === "") {
    if (!loopback)
      throw new CommandError(
        `Other machines are served with a token only; write one of 16 characters or more into ${serviceTokenName} or a --token-file.`,
        exitCodes.usage,
      );
    return { token: randomBytes(24).toString("base64url"), made: true };
  }
  if (!/^[\x21-\x7e]{16,512}$/.test(given))
    throw new CommandError(
      `${file ?? serviceTokenName} must hold 16 to 512 characters without spaces.`,
      exitCodes.usage,
    );
  return { token: given, made: false };
}

function tlsFor({ tlsCert, tlsKey }: ServeOptions): { cert: string; key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new CommandError("--tls-cert and --tls-key belong together.", exitCodes.usage);
  return { cert: readText("--tls-cert", tlsCert), key: readText("--tls-key", tlsKey) };
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${option} takes a file and ${file} ${whyUnread(error)}; give another.`, exitCodes.usage);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
