import * as vscode from "vscode";
import type { Parts } from "../parts.ts";
import { endpointFault, endpointOf, normaliseEndpoint } from "./policy-id.ts";

/** Stores, replaces or removes the key of an endpoint in the editor's secret storage. */
export async function setApiKey(parts: Parts): Promise<void> {
  const endpoint = await chooseEndpoint(parts);
  if (!endpoint) return;
  const key = await vscode.window.showInputBox({
    title: `API key for ${endpoint}`,
    prompt: "Kept in the editor's secret storage. Leave it empty to remove the stored key.",
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return;
  const kept = await parts.keys.put(endpoint, key.trim());
  if (!kept) {
    void vscode.window.showWarningMessage(
      "The editor could not keep the key on this machine; set the environment variable SEARCHLIGHT_API_KEY instead.",
    );
  } else {
    void vscode.window.showInformationMessage(
      key.trim() ? `The key for ${endpoint} is stored.` : `The key for ${endpoint} is removed.`,
    );
  }
}

async function chooseEndpoint(parts: Parts): Promise<string | undefined> {
  const { policy, indexPlace } = parts.settings.current().settings;
  const configured = endpointOf(policy);
  // A store of indexes has a key of its own: KEY_ID:SECRET, a service account's JSON, ACCOUNT:KEY or an API key.
  const store = /^(?:s3|gs|az|db):\/\//.test(indexPlace) ? indexPlace : undefined;
  const named = [configured, store].filter((each) => each !== undefined).map(normaliseEndpoint);
  const known = new Set([...named, ...parts.keys.endpoints()]);
  if (known.size > 0) {
    const other = "Other endpoint…";
    const choice = await vscode.window.showQuickPick([...known, other], { title: "Endpoint the key is for" });
    if (choice !== other) return choice;
  }
  const typed = await vscode.window.showInputBox({
    title: "Address of the OpenAI-compatible endpoint",
    placeHolder: "https://api.openai.com/v1",
    validateInput: endpointFault,
    ignoreFocusOut: true,
  });
  return typed && normaliseEndpoint(typed);
}
