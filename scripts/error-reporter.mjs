// A reporter of vitest's that keeps what its JSON report leaves out: errors outside of any test (a rejection that
// nobody awaited, a worker that died), which fail a run in which every test passed.
import { writeFileSync } from "node:fs";
import { errorsFile } from "./test-counts.mjs";

export default class ErrorReporter {
  #report;

  onInit(vitest) {
    const { outputFile } = vitest.config;
    this.#report = typeof outputFile === "string" ? outputFile : outputFile?.json;
  }

  onTestRunEnd(_modules, errors) {
    if (!this.#report) return;
    const kept = errors.map((error) => ({
      test: [error.VITEST_TEST_PATH, error.VITEST_TEST_NAME].filter(Boolean).join(" › "),
      message: `${error.type ?? "Error"} outside of a test: ${error.stack ?? error.message ?? String(error)}`,
    }));
    writeFileSync(errorsFile(this.#report), JSON.stringify(kept));
  }
}
