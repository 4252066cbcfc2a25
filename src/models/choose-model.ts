import * as vscode from "vscode";
import type { FoundModel } from "../../protocol/server-messages.ts";
import type { Parts } from "../parts.ts";
import { endpointFault, type Form, openaiPolicy } from "./policy-id.ts";

type Item = vscode.QuickPickItem & { policy?: string; other?: true };

/** Picks a policy, tries it with one real request, and writes it into the settings. */
export async function chooseModel(parts: Parts): Promise<void> {
  if (!vscode.workspace.isTrusted) return tellOfRestrictedMode();
  const { models } = await vscode.window.withProgress(
    { location: { viewId: "searchlight.trajectory" }, title: "Looking for models" },
    () => parts.server.request("findModels", {}),
  );
  const choice = await vscode.window.showQuickPick(items(models, parts.settings.current().settings.policy), {
    title: "Who reads and answers",
    placeHolder: "A model, or the built-in reader that needs none",
    matchOnDescription: true,
  });
  const policy = choice?.other ? await askForEndpoint() : choice?.policy;
  if (!policy) return;
  const target = await chooseTarget();
  if (target === undefined || !(await passesTest(parts, policy))) return;
  await parts.settings.choosePolicy(policy, target);
  void vscode.window.showInformationMessage(`Searchlight answers with ${choice?.other ? policy : choice?.label}.`);
}

function items(models: readonly FoundModel[], chosen: string): Item[] {
  const mark = (policy: string): string => (policy === chosen ? "chosen" : "");
  const list: Item[] = [
    {
      label: "Extractive",
      policy: "extractive",
      description: mark("extractive"),
      detail: "Built in, needs no model and no network: searches by rule, answers with quotes.",
    },
  ];
  for (const server of new Set(models.map((model) => model.server))) {
    list.push({ label: server, kind: vscode.QuickPickItemKind.Separator });
    for (const model of models.filter((each) => each.server === server)) {
      list.push({ label: model.label, policy: model.policy, description: mark(model.policy) });
    }
  }
  list.push({ label: "Other", kind: vscode.QuickPickItemKind.Separator });
  list.push({ label: "Other OpenAI-compatible endpoint…", other: true });
  return list;
}

async function askForEndpoint(): Promise<string | undefined> {
  const endpoint = await vscode.window.showInputBox({
    title: "Address of the OpenAI-compatible endpoint (1 of 3)",
    placeHolder: "http://localhost:8000/v1",
    validateInput: endpointFault,
    ignoreFocusOut: true,
  });
  if (!endpoint) return undefined;
  const model = await vscode.window.showInputBox({
    title: "Name of the model there (2 of 3)",
    placeHolder: "As the endpoint lists it",
    ignoreFocusOut: true,
  });
  if (!model?.trim()) return undefined;
  const forms: (vscode.QuickPickItem & { form: Form })[] = [
    { label: "Chat", detail: "For models tuned to converse.", form: "chat" },
    {
      label: "Text continuation",
      detail: "For base models and those trained by the paper's recipe; the loop is exact.",
      form: "completions",
    },
  ];
  const choice = await vscode.window.showQuickPick(forms, { title: "How to ask it (3 of 3)", ignoreFocusOut: true });
  return choice && openaiPolicy(choice.form, model.trim(), endpoint);
}

async function chooseTarget(): Promise<vscode.ConfigurationTarget | undefined> {
  if (!vscode.workspace.workspaceFolders?.length) return vscode.ConfigurationTarget.Global;
  const choice = await vscode.window.showQuickPick(
    [
      {
        label: "For every workspace",
        detail: "Written to your user settings.",
        target: vscode.ConfigurationTarget.Global,
      },
      {
        label: "For this workspace",
        detail: "Written to its settings file.",
        target: vscode.ConfigurationTarget.Workspace,
      },
    ],
    { title: "Where the choice holds" },
  );
  return choice?.target;
}

/** True when the policy answered, or the person wants it all the same. */
async function passesTest(parts: Parts, policy: string): Promise<boolean> {
  const result = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Trying ${policy}`, cancellable: true },
    async (_progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      try {
        return await parts.server.request("testModel", { policy }, controller.signal);
      } catch (error) {
        if (token.isCancellationRequested) return undefined;
        return { ok: false, message: error instanceof Error ? error.message : String(error), milliseconds: 0 };
      }
    },
  );
  if (!result || result.ok) return result !== undefined;
  const [useAnyway, setKey] = ["Use It Anyway", "Set API Key"];
  const choice = await vscode.window.showWarningMessage(result.message, useAnyway, setKey);
  if (choice === setKey) await vscode.commands.executeCommand("searchlight.setApiKey");
  return choice === useAnyway;
}

async function tellOfRestrictedMode(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const message = "In Restricted Mode the built-in extractive reader answers; trust this workspace to choose a model.";
  if ((await vscode.window.showInformationMessage(message, manage)) === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
