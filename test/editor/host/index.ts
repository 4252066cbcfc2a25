import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What VS Code calls in the extension host. Rejects when a test fails; the counts go to `SEARCHLIGHT_HOST_REPORT`. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "tdd", timeout: 120_000, color: false });
  mocha.suite.emit("pre-require", globalThis, "searchlight", mocha);
  await import("./extension.suite.ts");
  let passed = 0;
  const failed = await new Promise<number>((resolve) => mocha.run(resolve).on("pass", () => passed++));
  const report = process.env["SEARCHLIGHT_HOST_REPORT"];
  if (report) writeFileSync(report, JSON.stringify({ passed, failed }));
  if (failed > 0) throw new Error(`${failed} tests failed.`);
}
