import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import * as vscode from "vscode";
import type { SearchlightApi } from "../../../src/extension.ts";

/** What VS Code calls in the extension host. Rejects when a test fails; the counts go to `SEARCHLIGHT_HOST_REPORT`, with the time of activation for `npm run bench`. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "tdd", timeout: 120_000, color: false });
  mocha.suite.emit("pre-require", globalThis, "searchlight", mocha);
  await import("./extension.suite.ts");
  let passed = 0;
  const failed = await new Promise<number>((resolve) => mocha.run(resolve).on("pass", () => passed++));
  const activationMilliseconds =
    vscode.extensions.getExtension<SearchlightApi>("searchlight.searchlight")?.exports.activationMilliseconds;
  const report = process.env["SEARCHLIGHT_HOST_REPORT"];
  if (report) writeFileSync(report, JSON.stringify({ passed, failed, activationMilliseconds }));
  if (failed > 0) throw new Error(`${failed} tests failed.`);
}
