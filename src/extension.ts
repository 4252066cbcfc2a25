import { loadedAt } from "./load-time.ts";
import * as vscode from "vscode";
import { registerCommands } from "./commands.ts";
import { assemble, type Parts } from "./parts.ts";

/** What other extensions and tests may ask of a running Searchlight. */
export interface SearchlightApi {
  /**
   * Own code: evaluating the bundle and running `activate`. What the editor does between the two (it fetches the
   * extension's storage) does not count.
   */
  readonly activationMilliseconds: number;
  /** Id of the trajectory that the view shows. */
  shownTrajectory(): string | undefined;
  /** Process id of the language server; undefined while none runs. Waits for a start in progress, starts none. */
  serverPid(): Promise<number | undefined>;
}

/** The server is not part of activation: it starts a moment later, when nothing of the editor waits for it. */
const startDelayMilliseconds = 500;

const evaluationMilliseconds = performance.now() - loadedAt;

let parts: Parts | undefined;

export function activate(context: vscode.ExtensionContext): SearchlightApi {
  const startedAt = performance.now();
  parts = assemble(context);
  const { server, questions, settings } = parts;
  context.subscriptions.push(registerCommands(parts, (id, handler) => vscode.commands.registerCommand(id, handler)));
  if (settings.current().folders.length > 0 && settings.current().settings.indexOnOpen) {
    const timer = setTimeout(() => server.start(), startDelayMilliseconds);
    context.subscriptions.push({ dispose: () => clearTimeout(timer) });
  }
  const activationMilliseconds = evaluationMilliseconds + performance.now() - startedAt;
  parts.facts.activationMilliseconds = activationMilliseconds;
  return {
    activationMilliseconds,
    shownTrajectory: () => questions.shownId,
    serverPid: () => server.pid(),
  };
}

export async function deactivate(): Promise<void> {
  await parts?.server.stop();
}
