import { availableParallelism, cpus, totalmem } from "node:os";
import { findGpus } from "../../server/engine/find-gpus.ts";
import { ensureEnvironment } from "../../server/engine/environment.ts";
import { runProgram } from "../../server/engine/run-program.ts";
import type { ProofSize } from "./proof-size.ts";

/** What a proof ran on, in a few words. */
export async function machineOf({ engine }: ProofSize, signal: AbortSignal): Promise<string> {
  const gpus = engine.device === "cuda" ? await findGpus(signal) : [];
  const cards = gpus.map(
    ({ name, mebibytes, driver }) => `${name} (${Math.round(mebibytes / 1024)} GiB, driver ${driver})`,
  );
  const processor = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return [...cards, processor].join(", ");
}

const packages = ["skyrl", "jax", "jaxlib", "flax", "optax", "transformers", "numpy"];

/** Versions of what the engine computes with, as its Python tells them. */
export async function engineVersions({ engine }: ProofSize, signal: AbortSignal): Promise<Record<string, string>> {
  const { python } = await ensureEnvironment({ backend: "jax", device: engine.device ?? "cpu" }, signal);
  const program = [
    "import importlib.metadata, platform",
    "print('python', platform.python_version())",
    `for name in ${JSON.stringify(packages)}:`,
    "  print(name, importlib.metadata.version(name))",
  ].join("\n");
  const { stdout } = await runProgram(python, ["-c", program], { seconds: 60, signal });
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}
