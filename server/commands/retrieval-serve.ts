import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Command } from "commander";
import type { Gateway } from "../retrieval/gateway.ts";
import { localRetriever } from "../retrieval/local.ts";
import type { Retriever } from "../retrieval/retriever.ts";
import { wireForms } from "../retrieval/wire/forms.ts";
import { updateWithProgress } from "./index-progress.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { openCommandProject } from "./project-argument.ts";
import { type RetrieverOptions, addRetrieverOptions, openNamedRetriever, retrieverForms } from "./retriever-options.ts";

interface ServeOptions extends RetrieverOptions {
  port: string;
  host: string;
  embedder: string;
  json?: boolean;
}

/** The environment variable with the token that clients must send. */
const tokenName = "SEARCHLIGHT_RETRIEVAL_TOKEN";

export function addServeCommand(command: Command): void {
  addRetrieverOptions(
    command
      .command("serve")
      .description(
        "Serve a folder's index in the forms of R1-Searcher, Search-R1 and ReCall, for other trainers; Ctrl-C ends it.",
      )
      .argument("<source>", `folder of documents, or ${retrieverForms}`)
      .option("--port <port>", "port; 0 takes any free one", "8000")
      .option("--host <address>", `address to listen on; other machines must send a token (${tokenName})`, "127.0.0.1")
      .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
      .option("--json", "the address as one JSON object on standard output"),
  ).action((source: string, options: ServeOptions) => serve(source, options));
}

async function serve(source: string, options: ServeOptions): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new CommandError("--port takes a number from 0 to 65535.", exitCodes.usage);
  const token = tokenFor(options.host);
  const signal = interruptSignal();
  const closing: (() => Promise<void>)[] = [];
  try {
    const retriever = await openNamedRetriever(source, options, (path) => openFolder(path, options, signal, closing));
    const gateway = await listen(retriever, options.host, port, token);
    report(gateway, retriever, token, options.json === true);
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      process.once("SIGTERM", resolve);
    });
    note("Finishing the requests under way; Ctrl-C again ends at once.");
    await gateway.close();
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** Other machines are served with a token only: one from the environment, else one made here and shown. */
function tokenFor(host: string): string | undefined {
  const given = process.env[tokenName];
  if (given !== undefined && !/^[\x21-\x7e]{8,}$/.test(given)) {
    throw new CommandError(`${tokenName} must be 8 or more characters without spaces.`, exitCodes.usage);
  }
  if (given) return given;
  const loopback = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  return loopback ? undefined : randomBytes(24).toString("base64url");
}

/** The folder's index; `closing` gets what must be done, last first, when it is no longer searched. */
async function openFolder(
  path: string,
  options: ServeOptions,
  signal: AbortSignal,
  closing: (() => Promise<void>)[],
): Promise<Retriever> {
  const project = await openCommandProject(path, options.embedder);
  closing.push(() => project.close());
  const update = await updateWithProgress(project, { json: options.json === true, until: "words", signal });
  closing.push(async () => {
    update.stop();
    await update.done;
  });
  return localRetriever(project.indexes);
}

async function listen(retriever: Retriever, host: string, port: number, token: string | undefined): Promise<Gateway> {
  // Loaded here, since the HTTP server would cost every other command its time as well.
  const { openGateway } = await import("../retrieval/gateway.ts");
  try {
    return await openGateway(retriever, { host, port, ...(token ? { token } : {}) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new CommandError(`Port ${port} is taken; choose another with --port, or 0 for any free one.`);
    if (code === "EACCES") throw new CommandError(`Port ${port} may not be used; choose one above 1023.`);
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new CommandError(`${host} is no address of this machine.`, exitCodes.usage);
    throw error;
  }
}

function report(gateway: Gateway, retriever: Retriever, token: string | undefined, json: boolean): void {
  const paths = wireForms.flatMap(({ routes }) => routes.map(({ path }) => path));
  const made = token !== undefined && token !== process.env[tokenName];
  if (json) return printJson({ url: gateway.url, retriever: retriever.id, paths, ...(made ? { token } : {}) });
  print(`Serving ${retriever.id} at ${gateway.url}`);
  for (const { name, routes } of wireForms)
    print(`  ${name.padEnd(10)} ${routes.map(({ path }) => gateway.url + path).join("  ")}`);
  if (made) print(`Token: ${token} (Authorization: Bearer, or ?token= in the address)`);
  const coverage = retriever.coverage();
  if (coverage) note(`Not all is searched: ${coverage}.`);
}
