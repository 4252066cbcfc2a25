import { afterEach, describe, expect, test, vi } from "vitest";
import { diskFailure } from "../../../server/commands/disk-failure.ts";

afterEach(() => vi.unstubAllEnvs());

const failure = (code: string, path?: string) =>
  Object.assign(new Error(code), { code, syscall: "mkdir", ...(path ? { path } : {}) });

describe("a disk that refuses", () => {
  test("is told in one sentence that says what to do", () => {
    vi.stubEnv("SEARCHLIGHT_HOME", "/home/one/data");
    expect(diskFailure(failure("ENOSPC"))).toMatchObject({
      message: "The disk is full; free some space and run the command again.",
      exitCode: 1,
    });
    for (const code of ["EACCES", "EROFS", "ENOTDIR"]) {
      const message = diskFailure(failure(code, "/home/one/data/projects/x/index"))!.message;
      expect(message).toContain(`(${code}); set SEARCHLIGHT_HOME to a folder that can be written.`);
    }
  });

  test("is not taken for a failure elsewhere, or for a fault of the program", () => {
    vi.stubEnv("SEARCHLIGHT_HOME", "/home/one/data");
    expect(diskFailure(failure("EACCES", "/etc/other"))).toBeUndefined();
    expect(diskFailure(failure("ENOENT", "/home/one/data/x"))).toBeUndefined();
    expect(diskFailure(new TypeError("x is undefined"))).toBeUndefined();
    expect(diskFailure("text")).toBeUndefined();
  });
});
