import { appendFileSync, mkdtempSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cutLog, failureInLog, logTail, openLog } from "../../../server/engine/engine-log.ts";

const file = (): string => join(mkdtempSync(join(tmpdir(), "searchlight-log-")), "engine.log");

test("a log that grew too large is cut, its end is kept, and the writer goes on", () => {
  const path = file();
  const writer = openLog(path);
  writeSync(writer, "old\n".repeat(1000));
  expect(cutLog(path, 5000)).toBe(false);
  writeSync(writer, "last line before\n".repeat(500));
  expect(cutLog(path, 5000)).toBe(true);
  expect(readFileSync(`${path}.1`, "utf8")).toMatch(/last line before\n$/);
  writeSync(writer, "after\n");
  expect(readFileSync(path, "utf8")).toBe("after\n");
  expect(statSync(path).size).toBe(6);
});

test("the log of an earlier engine is set aside", () => {
  const path = file();
  writeFileSync(path, "earlier");
  openSync(path, "r");
  openLog(path);
  expect(readFileSync(`${path}.1`, "utf8")).toBe("earlier");
  expect(readFileSync(path, "utf8")).toBe("");
});

test("the end of a log is read without the rest; a missing one is empty", () => {
  const path = file();
  expect(logTail(path)).toBe("");
  appendFileSync(path, "a".repeat(100) + "end");
  expect(logTail(path, 5)).toBe("aaend");
});

test("what a log says of a failure is the error, not what came after it", () => {
  const log = [
    "INFO:     Started server process",
    "Traceback (most recent call last):",
    '  File "x.py", line 1, in <module>',
    "ValueError: None of the architectures ['GPT2LMHeadModel'] is currently supported.",
    "2026-01-01 10:00:00,000 - ERROR - skyrl: Background engine crashed with exit code 1, exiting API server   ",
    "2026-01-01 10:00:00,000 - WARNING - skyrl: Graceful shutdown timed out, forcing exit",
  ].join("\n");
  expect(failureInLog(log)).toMatch(/^ValueError: None of the architectures/);
  expect(failureInLog("│ ModuleNotFoundError: No module named 'aiohttp' │")).toBe(
    "ModuleNotFoundError: No module named 'aiohttp'",
  );
  expect(failureInLog("only words\n\n")).toBe("only words");
  expect(failureInLog("")).toBeUndefined();
});
