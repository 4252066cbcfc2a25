import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { countHostReport, countVitestReport, exitCount } from "../../../scripts/test-counts.mjs";

const folder = mkdtempSync(join(tmpdir(), "searchlight-counts-"));

afterAll(() => rmSync(folder, { recursive: true }));

function report(content: object): string {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const clean = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [] };

test("a clean run counts its tests and says which were skipped", () => {
  expect(countVitestReport(report(clean), 0)).toEqual({ passed: 3, failed: 0, skipped: 1, failures: [] });
});

test("a test file that could not be loaded counts as failed although it has no tests, and what failed is named", () => {
  const testResults = [
    { name: "a/test/x.test.ts", status: "failed", message: "no such module", assertionResults: [] },
    {
      name: "a/test/y.test.ts",
      status: "failed",
      assertionResults: [
        { status: "failed", fullName: "it holds", failureMessages: ["\u001b[31mexpected 1\u001b[39m"] },
      ],
    },
    { name: "a/test/z.test.ts", status: "passed", assertionResults: [{ status: "passed", fullName: "it is" }] },
  ];
  expect(countVitestReport(report({ ...clean, numFailedTests: 1, testResults }), 1)).toMatchObject({
    passed: 3,
    failed: 2,
    failures: [
      { test: "test/y.test.ts › it holds", message: "expected 1" },
      { test: "test/x.test.ts", message: "no such module" },
    ],
  });
});

test("a run that ends in an error outside of any test counts as failed", () => {
  expect(countVitestReport(report(clean), 1)).toMatchObject({ failed: 1, reason: "vitest ended with 1" });
});

test("a real run with a rejection that nobody awaited is failed by it, and the end of the log can name it", async () => {
  const root = join(import.meta.dirname, "../../..");
  writeFileSync(
    join(folder, "loose.test.js"),
    `test("it passes", () => { Promise.reject(new Error("nobody waits for this")); });`,
  );
  const file = join(folder, "loose.json");
  const reporters = ["json", join(root, "scripts", "error-reporter.mjs")].map((name) => `--reporter=${name}`);
  const args = ["run", "--root", folder, "--globals", ...reporters, `--outputFile.json=${file}`];
  const { status } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...args]);
  const [failure, ...others] = countVitestReport(file, status ?? 0).failures ?? [];
  expect(others).toEqual([]);
  expect(failure?.test).toContain("loose.test.js");
  expect(failure?.message).toMatch(/Unhandled Rejection outside of a test: .*nobody waits for this/);
  expect(countVitestReport(file, status ?? 0)).toMatchObject({ passed: 1, failed: 1 });
});

test("a run without a report counts as failed, whatever its exit code", () => {
  expect(countVitestReport(join(folder, "none.json"), 0)).toMatchObject({ passed: 0, failed: 1 });
  expect(countHostReport(join(folder, "none.json"), 0)).toMatchObject({ passed: 0, failed: 1 });
});

test("an extension host that dies after its report counts as failed", () => {
  expect(countHostReport(report({ passed: 5, failed: 0 }), 0)).toEqual({ passed: 5, failed: 0 });
  expect(countHostReport(report({ passed: 5, failed: 0 }), 1)).toEqual({ passed: 5, failed: 1 });
});

test("a tool that tells by its exit code is one test", () => {
  expect(exitCount(0, "reason")).toEqual({ passed: 1, failed: 0 });
  expect(exitCount("SIGKILL", "reason")).toEqual({ passed: 0, failed: 1, reason: "reason" });
});
