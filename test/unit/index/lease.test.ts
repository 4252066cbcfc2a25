import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { takeLease } from "../../../server/index/lease.ts";
import { identify } from "../../../server/process-identity.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-lease-"));
  vi.useFakeTimers({ toFake: ["performance", "Date", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true, force: true });
});

const file = (): string => join(home, "writer.json");
const hold = (holder: object): void => writeFileSync(file(), JSON.stringify({ token: "other", ...holder }));
/** A process that runs and is not this one. */
const alive = identify(process.ppid);

describe("the lease of an index", () => {
  test("goes to one of two, and to the next when it is given back", () => {
    const first = takeLease(home);
    expect(first.ok).toBe(true);
    expect(takeLease(home)).toMatchObject({ ok: false, pid: process.pid });
    if (first.ok) first.lease.release();
    expect(takeLease(home).ok).toBe(true);
  });

  test("is taken at once from a process that has ended", () => {
    hold({ pid: 2 ** 22 + 1, start: "gone" });
    expect(takeLease(home).ok).toBe(true);
  });

  test("is taken from a holder whose beat stands still, once it has been seen to for a quarter of a minute", () => {
    hold(alive);
    expect(takeLease(home).ok).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(takeLease(home).ok).toBe(false);
    vi.advanceTimersByTime(6_000);
    expect(takeLease(home).ok).toBe(true);
  });

  test("stays with a holder that beats, and with one of another machine that beats", () => {
    for (const holder of [alive, { pid: 1, start: "elsewhere", host: "another-machine" }]) {
      hold(holder);
      for (let beat = 1; beat <= 10; beat++) {
        utimesSync(file(), beat, beat);
        expect(takeLease(home).ok).toBe(false);
        vi.advanceTimersByTime(5_000);
      }
    }
  });

  test("does not care for the wall clock: set back it keeps nobody out, set forward it takes nothing away", () => {
    hold(alive);
    vi.setSystemTime(new Date("2099-01-01"));
    expect(takeLease(home).ok).toBe(false);
    vi.setSystemTime(new Date("2001-01-01"));
    expect(takeLease(home).ok).toBe(false);
    vi.advanceTimersByTime(16_000);
    expect(takeLease(home).ok).toBe(true);
  });

  test("is known to be lost by whoever it was taken from", () => {
    const first = takeLease(home);
    hold({ ...alive, token: "thief" });
    expect(first.ok && first.lease.held()).toBe(false);
    if (first.ok) first.lease.release();
    expect(readFileSync(file(), "utf8")).toContain("thief");
  });
});
