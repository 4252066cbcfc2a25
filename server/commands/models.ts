import type { Command } from "commander";
import { modelFolders, modelsHome } from "../engine/model-folders.ts";
import { readModelFolder } from "../engine/model-folder.ts";
import { addFromGgufCommand } from "./models-from-gguf.ts";
import { addMakeTinyCommand } from "./models-make-tiny.ts";
import { policyFolders } from "../policies/policy-folders.ts";
import { counted } from "./counted.ts";
import { print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";

export function addModelsCommand(program: Command): void {
  const command = program
    .command("models")
    .description("Models that the training engine loads, and policies that were trained here.")
    .option("--json", "one JSON object on standard output")
    .action((options: { json?: boolean }) => listModels(options.json === true));
  command
    .command("list")
    .description("All models and policies, as without a command.")
    .option("--json", "one JSON object on standard output")
    // A parent with the same option takes it before its subcommand does.
    .action((_: object, self: Command) => listModels(self.optsWithGlobals<{ json?: boolean }>().json === true));
  addMakeTinyCommand(command);
  addFromGgufCommand(command);
}

function listModels(json: boolean): void {
  const models = modelFolders().map(({ name, folder }) => {
    const read = readModelFolder(folder);
    if (!read.ok) return { name, folder, problem: read.reason };
    const { architecture, vocabulary, contextLength, bytes } = read.model;
    return { name, folder, architecture, vocabulary, contextLength, bytes };
  });
  const policies = policyFolders().map(({ folder, model, record }) => ({ folder, model, ...record }));
  if (json) return printJson({ models, policies });
  if (models.length === 0)
    print(`No model is in ${modelsHome()}; searchlight models make-tiny and from-gguf make some.`);
  for (const model of models) {
    const about =
      "problem" in model
        ? model.problem
        : `${model.architecture}, ${(model.bytes / 1e6).toFixed(1)} MB, ${model.vocabulary} tokens, reads ${model.contextLength}`;
    print(visible(`${model.name}  ${about}`));
  }
  for (const { name, title, base, iteration, score, metric } of policies) {
    const scored = score === undefined ? "" : `, ${metric ?? "score"} ${score.toFixed(3)}`;
    print(visible(`trained:${name}  ${title}: ${base} after ${counted(iteration, "iteration")}${scored}`));
  }
}
