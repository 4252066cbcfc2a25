import { expect, test } from "vitest";
import type { RunCheckpoint } from "../../../protocol/run.ts";
import { usualCheckpoint } from "../../../server/commands/usual-checkpoint.ts";

function checkpoint(name: string, iteration: number, more: Partial<RunCheckpoint> = {}): RunCheckpoint {
  return {
    name,
    iteration,
    stage: "answer",
    path: `tinker://run/${name}`,
    archive: `${name}.tar.gz`,
    best: false,
    ...more,
  };
}

test("the best checkpoint with an adapter is taken, else the latest", () => {
  const [first, second, third] = [checkpoint("i0", 0), checkpoint("i4", 4, { best: true }), checkpoint("i8", 8)];
  expect(usualCheckpoint([first, second, third])).toEqual({ name: "i4" });
  const { archive: _, ...without } = second;
  expect(usualCheckpoint([first, without, third])).toEqual({ name: "i8" });
  expect(() => usualCheckpoint([without])).toThrow("kept no adapter yet");
});

test("a best checkpoint that no iteration touched is taken with a warning that names the latest", () => {
  const start = checkpoint("i0", 0, { best: true });
  expect(usualCheckpoint([start])).toEqual({ name: "i0" });
  const { name, warning } = usualCheckpoint([start, checkpoint("i8", 8)]);
  expect(name).toBe("i0");
  expect(warning).toContain("--checkpoint i8");
});
