import { afterEach, expect, test } from "vitest";
import { Failure, main } from "../../../scripts/failure.mjs";

afterEach(() => {
  process.exitCode = undefined;
});

test.each([
  ["nothing", () => undefined, 0],
  ["the code of a process", () => 3, 3],
  ["the signal that killed one", () => "SIGTERM", 143],
])("a script that answers %s ends with its code", async (_, work, code) => {
  await main(() => Promise.resolve(work()));
  expect(process.exitCode).toBe(code);
});

test("a failure ends with 1", async () => {
  await main(() => Promise.reject(new Failure("The disk of this test is full.")));
  expect(process.exitCode).toBe(1);
});
