import * as vscode from "vscode";
import { endpointFault, normaliseEndpoint } from "../models/policy-id.ts";
import type { Parts } from "../parts.ts";
import { trustedTo } from "./trust.ts";

const setting = "training.service";

/** Attaches the window to a training service on another machine, or lets go of it. The token goes into the secret storage. */
export async function attachTrainingService(parts: Parts): Promise<void> {
  if (!trustedTo("attach to a training service")) return;
  const current = parts.settings.current().settings[setting];
  const address = await vscode.window.showInputBox({
    title: "Address of the training service (1 of 2)",
    prompt: "As `searchlight serve` prints it there. Leave it empty to let go of the service.",
    placeHolder: "http://127.0.0.1:7411",
    value: current,
    validateInput: (text) => (text.trim() === "" ? undefined : endpointFault(text)),
    ignoreFocusOut: true,
  });
  if (address === undefined) return;
  if (address.trim() === "") {
    await choose("");
    if (current !== "") void vscode.window.showInformationMessage(`Searchlight let go of ${current}; its runs go on.`);
    return;
  }
  const service = normaliseEndpoint(address);
  const token = await vscode.window.showInputBox({
    title: `Token for ${service} (2 of 2)`,
    prompt: "Kept in the editor's secret storage. Leave it empty to keep the one that is stored.",
    password: true,
    ignoreFocusOut: true,
  });
  if (token === undefined) return;
  if (token.trim() !== "" && !(await parts.keys.put(service, token.trim()))) {
    void vscode.window.showWarningMessage(
      "The editor could not keep the token on this machine; set the environment variable SEARCHLIGHT_TOKEN instead.",
    );
  }
  await choose(service);
  await parts.runs.refresh();
  const { trouble } = parts.runs;
  if (trouble !== undefined) throw new Error(trouble);
  void vscode.window.showInformationMessage(`Searchlight is attached to ${service}; its runs are in the Runs view.`);
}

async function choose(service: string): Promise<void> {
  await vscode.workspace
    .getConfiguration("searchlight")
    .update(setting, service === "" ? undefined : service, vscode.ConfigurationTarget.Global);
}
