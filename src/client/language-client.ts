import { join } from "node:path";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  TransportKind,
} from "vscode-languageclient/node";
import { longLivedEnvironment } from "../../protocol/process-environment.ts";
import type { ServerOptions } from "../../protocol/server-messages.ts";
import { trajectoryScheme } from "../../protocol/trajectory-uri.ts";
import type { Faults } from "../faults.ts";
import type { ClientHandlers, Notify, Request } from "./messages.ts";
import { answerOver, type Endpoint, notifyOver, requestOver } from "./wire.ts";

/** One life of the server process, from its start to its end. */
export interface ServerLife {
  readonly request: Request;
  readonly notify: Notify;
  readonly pid: number | undefined;
  /** Asks the process to end and waits for it; after a few seconds it is ended. */
  stop(): Promise<void>;
}

const stopMilliseconds = 5_000;

/** Logs its errors without messages of its own: what the person is told, and when, is decided by the crash messages. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/**
 * Starts `dist/server.cjs` in the editor's own Node over ipc. Rejects when it does not come up; `onEnd` is called when its
 * connection closes unasked.
 */
export async function startServer(spec: {
  extensionPath: string;
  options: ServerOptions;
  handlers: ClientHandlers;
  faults: Faults;
  onEnd(): void;
}): Promise<ServerLife> {
  const { channel, report } = spec.faults;
  const client = new QuietClient(
    "searchlight",
    "Searchlight",
    {
      module: join(spec.extensionPath, "dist", "server.cjs"),
      transport: TransportKind.ipc,
      // A working folder inside the workspace would keep it locked on Windows.
      options: { cwd: spec.extensionPath, env: longLivedEnvironment(process.env) },
    },
    {
      documentSelector: [
        { scheme: trajectoryScheme },
        { scheme: "file", pattern: "**/*.recipe.jsonc" },
        { scheme: "untitled", pattern: "**/*.recipe.jsonc" },
      ],
      initializationOptions: spec.options,
      outputChannel: channel,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      // Restarting is decided by our own policy, which opens a fresh client each time.
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          spec.onEnd();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    },
  );
  const endpoint = client as unknown as Endpoint;
  answerOver(endpoint, spec.handlers, report);
  try {
    await client.start();
  } catch (error) {
    client.serverProcess?.kill();
    throw error;
  }
  return {
    request: requestOver(endpoint),
    notify: notifyOver(endpoint, report),
    get pid() {
      return client.serverProcess?.pid;
    },
    async stop() {
      const process = client.serverProcess;
      try {
        await client.stop(stopMilliseconds);
      } catch (error) {
        report("stopping the server", error);
        process?.kill();
      }
    },
  };
}
