// What the tiers' reports come to. A tier that broke off counts as failed, whatever its report says.
import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** A tool that only tells by its exit code whether all is well: one test. */
export function exitCount(code, reason) {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, reason };
}

/** Where the errors outside of any test are kept that belong to a report. */
export function errorsFile(report) {
  return report.replace(/\.json$/, ".errors.json");
}

/** Counts of a vitest run. A file that could not be loaded has no tests and is counted as one failed. */
export function countVitestReport(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: 1, reason: `vitest ended with ${code} and no report` };
  const {
    numPassedTests: passed,
    numFailedTests,
    numPendingTests,
    numTodoTests,
    testResults,
  } = JSON.parse(readFileSync(file, "utf8"));
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + unloaded.length;
  // An error outside of any test fails the run without failing one.
  const counts = {
    passed,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
    failures: [...vitestFailures(testResults, unloaded), ...errorsOutside(file)],
  };
  return counts.failed > failed ? { ...counts, reason: `vitest ended with ${code}` } : counts;
}

/** Counts of the suite in the extension host, which writes its report itself. */
export function countHostReport(file, code) {
  if (!existsSync(file))
    return { passed: 0, failed: 1, reason: `the extension host gave no report (exit code ${code})` };
  const { passed, failed, failures } = JSON.parse(readFileSync(file, "utf8"));
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, ...(failures && { failures }) };
}

/** What failed, each with the head of its message, so that the end of a long log tells it. */
function vitestFailures(testResults, unloaded) {
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => ({ test: `${name} › ${fullName}`, message: failureMessages?.[0] })),
  );
  const files = unloaded.map(({ name, message }) => ({ test: name, message }));
  return [...tests, ...files].map(briefly);
}

function errorsOutside(report) {
  const file = errorsFile(report);
  if (!existsSync(file)) return [];
  return JSON.parse(readFileSync(file, "utf8")).map(({ test, message }) =>
    briefly({ test: test || "no test", message }),
  );
}

function briefly({ test, message }) {
  return {
    test: test.slice(Math.max(0, test.indexOf("/test/") + 1)),
    message: stripVTControlCharacters(message ?? "no message").slice(0, 2000),
  };
}
