import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import * as vscode from "vscode";
import type { Parts } from "../parts.ts";
import { estimateDocument, estimateLines } from "./estimate-text.ts";
import { hasErrors, problemsSentence } from "./problems.ts";
import { trustedTo } from "./trust.ts";

/** Opens what a run of the recipe would take, and what is wrong with it, as a document. */
export async function estimateRecipe(parts: Parts, given: unknown): Promise<void> {
  if (!trustedTo("check a recipe against its engine")) return;
  const file = await recipeFile(given);
  if (!file) return;
  const checked = await check(parts, file, await chosenHost(parts, "Estimate for"));
  if (!checked) return;
  const content = estimateDocument(basename(file), checked.problems, checked.estimate);
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
}

/** Runs two iterations of the recipe on this machine with a tiny model. It costs nothing, so nothing is asked. */
export async function dryRunRecipe(parts: Parts, given: unknown): Promise<void> {
  if (!trustedTo("try a recipe")) return;
  const file = await recipeFile(given);
  if (file) await start(parts, file, undefined, true);
}

/** Checks the recipe, shows what it would take, and starts it once the person confirms. */
export async function launchRecipe(parts: Parts, given: unknown): Promise<void> {
  if (!trustedTo("launch training")) return;
  const file = await recipeFile(given);
  if (!file) return;
  const host = await chosenHost(parts, "Launch on");
  if (host === undefined) return;
  const checked = await check(parts, file, host);
  if (!checked) return;
  if (hasErrors(checked.problems)) {
    const show = "Show Problems";
    const message = problemsSentence(`${basename(file)} cannot be launched`, checked.problems);
    if ((await vscode.window.showErrorMessage(message, show)) === show) await estimateRecipe(parts, given);
    return;
  }
  const launch = "Launch";
  const detail = [
    ...(checked.estimate?.found ?? []),
    ...(checked.estimate ? estimateLines(checked.estimate) : ["No estimate could be made."]),
    ...checked.problems.map(({ message }) => `Warning: ${message}`),
    host.address === undefined
      ? "It runs on this machine and goes on when the editor is closed."
      : `It runs at ${host.address} and goes on when the editor is closed.`,
  ].join("\n");
  const choice = await vscode.window.showInformationMessage(
    `Launch ${basename(file)}?`,
    { modal: true, detail },
    launch,
  );
  if (choice === launch) await start(parts, file, host.address, false);
}

async function start(parts: Parts, file: string, host: string | undefined, dryRun: boolean): Promise<void> {
  const key = randomUUID();
  const title = dryRun ? `Starting a dry run of ${basename(file)}` : `Launching ${basename(file)}`;
  const launched = await withCancel(title, (signal) =>
    parts.server.request("launchRun", { file, key, dryRun, ...(host === undefined ? {} : { host }) }, signal),
  );
  if (!launched) return;
  if (!launched.ok) throw new Error(problemsSentence(`${basename(file)} was not started`, launched.problems));
  await parts.runs.refresh();
  await parts.runPages.show(
    { id: launched.id, ...(host === undefined ? {} : { host }) },
    basename(file, ".recipe.jsonc"),
  );
}

function check(parts: Parts, file: string, host: Host | undefined) {
  if (!host) return undefined;
  const where = host.address === undefined ? {} : { host: host.address };
  return withCancel(`Checking ${basename(file)}`, (signal) =>
    parts.server.request("checkRecipe", { file, ...where }, signal),
  );
}

/** Runs with a notification that can be cancelled; undefined when it was. */
function withCancel<T>(title: string, act: (signal: AbortSignal) => Promise<T>): Thenable<T | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      try {
        return await act(controller.signal);
      } catch (error) {
        if (token.isCancellationRequested) return undefined;
        throw error;
      }
    },
  );
}

interface Host {
  /** Absent: this machine. */
  address: string | undefined;
}

/** Where to run; asked only where a service is attached. */
async function chosenHost(parts: Parts, title: string): Promise<Host | undefined> {
  const service = parts.settings.current().settings["training.service"];
  if (service === "") return { address: undefined };
  const items: (vscode.QuickPickItem & Host)[] = [
    { label: "This machine", address: undefined },
    { label: service, description: "attached training service", address: service },
  ];
  return vscode.window.showQuickPick(items, { title });
}

/** The saved file of the recipe in question: the given one, else the one in the active editor. */
async function recipeFile(given: unknown): Promise<string | undefined> {
  const uri =
    given instanceof vscode.Uri ? given : typeof given === "string" ? vscode.Uri.parse(given) : activeRecipe();
  if (!uri) {
    void vscode.window.showInformationMessage(
      "Open a recipe (a file that ends in .recipe.jsonc), or make one by “Searchlight: Launch Training…”.",
    );
    return undefined;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  // What runs is what the file says, so what is on the screen has to be in it.
  if ((document.isDirty || document.isUntitled) && !(await document.save())) return undefined;
  const saved = document.isUntitled ? activeRecipe() : document.uri;
  return saved?.scheme === "file" ? saved.fsPath : undefined;
}

function activeRecipe(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.path.endsWith(".recipe.jsonc") ? uri : undefined;
}
