import { expect, test } from "vitest";
import { outdatedGpu, readGpus } from "../../../server/engine/find-gpus.ts";

test("the driver's table is read line by line, and other lines are none", () => {
  const text = "NVIDIA H100 80GB HBM3, 81559, 580.159.04\nNVIDIA A10, 23028, 550.54\n\nNo devices were found\n";
  const gpus = readGpus(text);
  expect(gpus.map(({ name, mebibytes }) => [name, mebibytes])).toEqual([
    ["NVIDIA H100 80GB HBM3", 81_559],
    ["NVIDIA A10", 23_028],
  ]);
  expect(outdatedGpu(gpus)?.name).toBe("NVIDIA A10");
  expect(outdatedGpu(gpus.slice(0, 1))).toBeUndefined();
  expect(readGpus("Failed to initialize NVML: Driver/library version mismatch")).toEqual([]);
});
