import { existsSync } from "node:fs";
import { EngineStartError } from "./engine-start-error.ts";
import { runProgram } from "./run-program.ts";

export interface Gpu {
  readonly name: string;
  readonly mebibytes: number;
  readonly driver: string;
}

/** Driver that CUDA 13 asks for, which the packages of every backend on GPUs are built for. */
export const oldestDriver = 580;

/** GPUs as the driver's own tool lists them; none where it does not run. */
export async function findGpus(signal?: AbortSignal): Promise<Gpu[]> {
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"];
  const { code, stdout } = await runProgram("nvidia-smi", query, { seconds: 20, ...(signal ? { signal } : {}) });
  return code === 0 ? readGpus(stdout) : [];
}

/** The lines of the tool's table: name, memory in MiB, version of the driver. */
export function readGpus(text: string): Gpu[] {
  return text
    .split("\n")
    .map((line) => line.split(",").map((part) => part.trim()))
    .filter((parts) => parts.length === 3 && Number.isFinite(Number(parts[1])))
    .map(([name = "", mebibytes, driver = ""]) => ({ name, mebibytes: Number(mebibytes), driver }));
}

/** The first GPU whose driver is too old; undefined where all will do. */
export function outdatedGpu(gpus: readonly Gpu[]): Gpu | undefined {
  return gpus.find(({ driver }) => Number.parseInt(driver, 10) < oldestDriver);
}

/** Throws `EngineStartError` where CUDA cannot be used here; a container without the driver's tool, but with its device, is tried. */
export async function requireGpu(signal: AbortSignal, device = "/dev/nvidia0"): Promise<void> {
  const gpus = await findGpus(signal);
  if (gpus.length === 0 && !existsSync(device))
    throw new EngineStartError(
      "no-gpu",
      "This machine shows no NVIDIA GPU (nvidia-smi lists none); train on the processor with the device cpu, or on another machine with searchlight trainer serve-remote.",
    );
  const old = outdatedGpu(gpus);
  if (old)
    throw new EngineStartError(
      "no-gpu",
      `${old.name} has the driver ${old.driver}, and CUDA 13 needs ${oldestDriver} or later; update the driver.`,
    );
}
