import { accessSync, constants, existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { type ConvertedModel, modelFromGguf } from "../engine/gguf/from-gguf.ts";
import { GgufError } from "../engine/gguf/read-gguf.ts";
import { modelsHome } from "../engine/model-folders.ts";
import { whyUnread } from "../file-failure.ts";
import { CommandError, exitCodes, print, printJson } from "./output.ts";
import { visible } from "./visible-text.ts";

export function addFromGgufCommand(command: Command): void {
  command
    .command("from-gguf")
    .description("Turn a Llama-architecture GGUF file into a model folder that the engine loads.")
    .argument("<file>", "GGUF file")
    .argument(
      "[folder]",
      "folder of the model, which must not hold one yet; named after the file, among the listed models, where absent",
    )
    .option("--json", "one JSON object on standard output")
    .action((file: string, folder: string | undefined, _options: object, self: Command) => {
      refuseUnreadable(file);
      const target =
        folder === undefined ? join(modelsHome(), basename(file).replace(/\.gguf$/i, "")) : resolve(folder);
      if (existsSync(join(target, "config.json")))
        throw new CommandError(`${target} holds a model already; name another folder.`);
      const made = convert(file, target);
      // A parent with the same option takes it before its subcommand does.
      if (self.optsWithGlobals<{ json?: boolean }>().json) return printJson({ ...made });
      print(
        visible(
          `Made ${made.folder} of ${made.name || file}: ${made.parameters.toLocaleString("en")} weights, ${made.vocabulary} tokens.`,
        ),
      );
    });
}

function refuseUnreadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new CommandError(`${file} ${whyUnread(error)}; give a GGUF file.`, exitCodes.usage, { cause: error });
  }
  if (!statSync(file).isFile()) throw new CommandError(`${file} is no file; give a GGUF file.`, exitCodes.usage);
}

function convert(file: string, folder: string): ConvertedModel {
  try {
    return modelFromGguf(file, folder);
  } catch (error) {
    if (error instanceof GgufError) throw new CommandError(`${file} cannot be converted: ${error.message}`);
    throw error;
  }
}
