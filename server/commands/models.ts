import type { Command } from "commander";
import { addMakeTinyCommand } from "./models-make-tiny.ts";

export function addModelsCommand(program: Command): void {
  const command = program.command("models").description("Models that the training engine loads.");
  addMakeTinyCommand(command);
}
