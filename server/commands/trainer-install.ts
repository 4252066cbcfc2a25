import type { Command } from "commander";
import { ensureEnvironment } from "../engine/environment.ts";
import { interruptSignal, note, print, printJson } from "./output.ts";
import { asCommandError, readBackend, readDevice } from "./trainer-options.ts";

export function addInstallCommand(command: Command): void {
  command
    .command("install")
    .description("Find or fetch uv and Python, and install the engine's packages; a moment where all is there.")
    .option("--backend <name>", "jax, fsdp or megatron (GPUs)", "jax")
    .option("--device <name>", "of the jax backend: cpu, or cuda for NVIDIA GPUs", "cpu")
    .option("--json", "one JSON object on standard output")
    .action(async (options: { backend: string; device: string; json?: boolean }) => {
      const backend = readBackend(options.backend);
      const device = readDevice(options.device);
      try {
        const environment = await ensureEnvironment({ backend, device }, interruptSignal(), note);
        const { python, uv } = environment;
        if (options.json) printJson({ backend, device, folder: environment.project.folder, python, uv });
        else print(`The ${backend} engine is installed in ${environment.project.folder}.`);
      } catch (error) {
        throw asCommandError(error);
      }
    });
}
