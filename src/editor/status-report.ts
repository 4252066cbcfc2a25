import * as vscode from "vscode";
import type { Parts } from "../parts.ts";
import { extensionReport } from "./extension-report.ts";

/** Opens versions, state, settings and last errors of extension and server as an untitled Markdown document. */
export async function showStatusReport(parts: Parts): Promise<void> {
  const { folders, trusted, settings } = parts.settings.current();
  const own = extensionReport({
    version: String((parts.context.extension.packageJSON as { version?: unknown }).version),
    editor: `${vscode.env.appName} ${vscode.version}`,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    remote: vscode.env.remoteName,
    activationMilliseconds: parts.facts.activationMilliseconds,
    folders: folders.length,
    trusted,
    server: parts.server.state,
    serverPid: parts.server.state === "running" ? await parts.server.pid() : undefined,
    settings,
    endpointsWithKey: parts.keys.endpoints(),
    faults: parts.faults.recent,
  });
  const content = `${own}\n${await serverReport(parts)}`;
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document, { preview: false });
}

async function serverReport({ server }: Parts): Promise<string> {
  if (server.state === "given-up") return "## Server\n\nNot running: it stopped five times in three minutes.\n";
  try {
    const { markdown } = await server.request("statusReport", {});
    // The server's report stands on its own in the terminal; here it is a part of one document.
    return markdown.replace(/^# .*\n+/, "");
  } catch (error) {
    return `## Server\n\nNo report: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}
