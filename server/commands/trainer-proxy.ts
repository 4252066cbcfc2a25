import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Command } from "commander";
import type { EngineProxy } from "../engine/proxy.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { readCount } from "./trainer-options.ts";
import { whyUnread } from "../file-failure.ts";

interface ProxyCommandOptions {
  to: string;
  host: string;
  port: string;
  tokenFile?: string;
  tlsCert?: string;
  tlsKey?: string;
  maxBodyMib: string;
  rate: string;
  concurrent: string;
  json?: boolean;
}

/** The environment variable with the token that clients must send. */
const tokenName = "SEARCHLIGHT_ENGINE_TOKEN";

export function addProxyCommand(command: Command): void {
  command
    .command("proxy")
    .description("Stand before an engine and ask for a token, which engines themselves do not; Ctrl-C ends it.")
    .requiredOption("--to <url>", "address of the engine")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port; 0 takes any free one", "8443")
    .option("--token-file <file>", `file with the token; else ${tokenName}, else one is made and printed`)
    .option("--tls-cert <file>", "certificate (PEM); with --tls-key the proxy speaks HTTPS")
    .option("--tls-key <file>", "its private key (PEM)")
    .option("--max-body-mib <n>", "largest request", "256")
    .option("--rate <n>", "requests a second of one address", "100")
    .option("--concurrent <n>", "requests under way at the same time", "512")
    .option("--json", "the address as one JSON object on standard output")
    .action((options: ProxyCommandOptions) => serve(options));
}

async function serve(options: ProxyCommandOptions): Promise<void> {
  const { token, made } = tokenFor(options.tokenFile);
  const tls = tlsFor(options);
  const perSecond = readCount("--rate", options.rate, 1, 1_000_000);
  const signal = interruptSignal();
  const proxy = await listen({
    to: originOf(options.to),
    host: options.host,
    port: readCount("--port", options.port, 0, 65_535),
    token,
    ...(tls ? { tls } : {}),
    bodyBytes: readCount("--max-body-mib", options.maxBodyMib, 1, 65_536) * 2 ** 20,
    perSecond,
    burst: perSecond * 4,
    concurrent: readCount("--concurrent", options.concurrent, 1, 65_536),
  });
  if (options.json) printJson({ url: proxy.url, ...(made ? { token } : {}) });
  else {
    print(`The engine at ${options.to} answers at ${proxy.url} to who sends the token.`);
    if (made) print(`Token: ${token} (Authorization: Bearer)`);
  }
  if (!tls && !isLoopback(options.host))
    note(
      "Without --tls-cert and --tls-key the token travels readably; listen on 127.0.0.1 behind an ssh tunnel instead.",
    );
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    process.once("SIGTERM", resolve);
  });
  await proxy.close();
}

async function listen(options: Parameters<typeof import("../engine/proxy.ts").openProxy>[0]): Promise<EngineProxy> {
  // Loaded here, since the HTTP server would cost every other command its time as well.
  const { openProxy } = await import("../engine/proxy.ts");
  try {
    return await openProxy(options);
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

/** From a file or the environment, never from an argument, which every user of the machine can read. */
function tokenFor(file: string | undefined): { token: string; made: boolean } {
  const given = file === undefined ? process.env[tokenName] : readText("--token-file", file).trim();
  if (given === undefined) return { token: randomBytes(24).toString("base64url"), made: true };
  if (!/^[\x21-\x7e]{16,512}$/.test(given))
    throw new CommandError(`${file ?? tokenName} must hold 16 to 512 characters without spaces.`, exitCodes.usage);
  return { token: given, made: false };
}

function tlsFor({ tlsCert, tlsKey }: ProxyCommandOptions): { cert: string; key: string } | undefined {
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

function originOf(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new CommandError(
      "--to takes an address like http://127.0.0.1:8123, without a name or a key in it.",
      exitCodes.usage,
    );
  return url.origin;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
