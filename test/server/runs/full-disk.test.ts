import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { all, launched, scriptedHost, soon } from "./scripted-host.ts";

const disk = mkdtempSync(join(tmpdir(), "searchlight-small-disk-"));

/** A disk of half a megabyte. Mounting needs rights that not every machine gives. */
function mounted(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const hasDisk = mounted();

afterAll(() => {
  if (hasDisk) execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true, maxRetries: 5 });
});

test.skipIf(!hasDisk)(
  "a disk that fills up fails the run with a sentence, loses nothing acknowledged, and the run goes on with room",
  async () => {
    const { host, recipe, lines, remove } = scriptedHost({}, join(disk, "runs"));
    const id = await launched(host, recipe({ bulk: 60_000 }, 12), "key-full-disk");
    const events = await all(host, id);
    expect(events.at(-1)).toMatchObject({
      type: "done",
      outcome: "failed",
      reason: expect.stringContaining("the disk is full"),
    });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    const { checkpoints } = await host.details(id, soon());
    expect(checkpoints.length).toBeGreaterThan(1);
    expect(checkpoints.length).toBeLessThan(12);
    execFileSync("mount", ["-o", "remount,size=8m", disk]);
    await host.resume(id, soon());
    const whole = await all(host, id);
    expect(whole.at(-1)).toMatchObject({ type: "done", outcome: "done" });
    expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, index) => index));
    const ids = (await host.trajectories(id, { latest: 100 }, soon())).map((one) => one.id);
    expect(ids).toEqual(Array.from({ length: 12 }, (_, index) => `t${index}`));
    for (let iteration = 0; iteration < checkpoints.length; iteration++)
      expect(lines(id, "steps.log").filter((step) => step === String(iteration))).toHaveLength(1);
    remove();
  },
);
