import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as vscode from "vscode";
import type { SearchlightApi } from "../../../src/extension.ts";

const extension = vscode.extensions.getExtension<SearchlightApi>("searchlight.searchlight")!;
const folder = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;

suite("the extension in the extension host", () => {
  suiteSetup(async () => {
    await extension.activate();
  });

  test("registers every command that its manifest contributes", async () => {
    const { contributes } = extension.packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  });

  test("answers the demonstration question in the language server, with no native module in the extension host", async () => {
    const { question } = JSON.parse(readFileSync(join(folder(), "demo.json"), "utf8")) as { question: string };
    const id = await vscode.commands.executeCommand<string>("searchlight.ask", question);
    assert.match(id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.equal(extension.exports.shownTrajectory(), id);
    const pid = await extension.exports.serverPid();
    assert.ok(pid !== undefined && pid !== process.pid);
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    assert.deepEqual(
      sharedObjects.filter((file) => /lancedb|onnxruntime/.test(file)),
      [],
    );
  });

  test("shows a past question again by its id", async () => {
    const first = await vscode.commands.executeCommand<string>("searchlight.ask", "Who founded the observatory?");
    const second = await vscode.commands.executeCommand<string>("searchlight.ask", "How many domes are there?");
    assert.equal(extension.exports.shownTrajectory(), second);
    await vscode.commands.executeCommand("searchlight.openTrajectory", first);
    assert.equal(extension.exports.shownTrajectory(), first);
  });

  test("starts another server when its server is killed", async () => {
    const killed = await extension.exports.serverPid();
    process.kill(killed!, "SIGKILL");
    for (let attempt = 0; attempt < 300; attempt++) {
      const pid = await extension.exports.serverPid();
      if (pid !== undefined && pid !== killed) return;
      await pause(100);
    }
    assert.fail("No other server came within 30 s.");
  });
});
