import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isFileFailure, whyUnread, whyUnwritten } from "../../../server/file-failure.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-failure-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the file system throws. */
function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}

test("what the file system says of a path is told in words and not by its code", () => {
  mkdirSync(join(folder, "a folder"));
  writeFileSync(join(folder, "a file"), "");
  symlinkSync("loop", join(folder, "loop"));
  const reading = (name: string): string => whyUnread(thrown(() => readFileSync(join(folder, name))));
  expect(reading("none")).toBe("does not exist");
  expect(reading("a folder")).toBe("is a folder");
  expect(reading("a file/x")).toBe("lies under a file as if that were a folder");
  expect(reading("x".repeat(300))).toBe("has a name that is too long for a file");
  expect(reading("loop")).toBe("is a link that leads back to itself");
  const writing = (name: string, flag = "w"): string => whyUnwritten(thrown(() => openSync(join(folder, name), flag)));
  expect(writing("none/x")).toBe("cannot be written because its folder does not exist");
  expect(writing("a folder")).toBe("is a folder");
  expect(writing("a file", "wx")).toBe("is there already");
});

test("who may not is told so, and a code without words is told as it is", () => {
  const failure = (code: string): Error => Object.assign(new Error(code), { code });
  expect(whyUnread(failure("EACCES"))).toBe("may not be read by this user");
  expect(whyUnwritten(failure("EPERM"))).toBe("may not be written by this user");
  expect(whyUnread(failure("EIO"))).toBe("cannot be read (EIO)");
  expect(whyUnwritten(failure("ENOSPC"))).toMatch(/disk is full/);
});

test("failures of the program, or of what was read, are none of the file system", () => {
  expect(isFileFailure(thrown(() => readFileSync(join(folder, "none"))))).toBe(true);
  for (const error of [new SyntaxError("x"), thrown(() => readFileSync(-1)), "ENOENT", undefined])
    expect(isFileFailure(error)).toBe(false);
  expect(whyUnread(new Error("x"))).toBe("cannot be read");
});
