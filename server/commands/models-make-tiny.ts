import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import type { ReadDocument } from "../documents/document.ts";
import { formatOf, needsWorker } from "../documents/format.ts";
import { readBytes } from "../documents/read-bytes.ts";
import { readTextDocument } from "../documents/read-text-document.ts";
import { openReaderPool } from "../documents/reader-pool.ts";
import { scanFolder } from "../documents/scan.ts";
import { type TinyModel, makeTinyModel, searcherTags } from "../engine/make-tiny.ts";
import { modelsHome } from "../engine/model-folders.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";

interface MakeTinyOptions {
  text: string[];
  seed: string;
  vocab: string;
  hidden: string;
  layers: string;
  context: string;
  tags: boolean;
}

export function addMakeTinyCommand(command: Command): void {
  command
    .command("make-tiny")
    .description(
      "Make a tiny Llama model with random weights and a tokenizer learnt from a text, to try training anywhere.",
    )
    .argument(
      "[folder]",
      "folder of the model, which must not hold one yet; `tiny` among the listed models where absent",
    )
    .requiredOption("--text <path...>", "files or folders of documents that the tokenizer is learnt from")
    .option("--seed <n>", "of the weights", "0")
    .option("--vocab <n>", "tokens at most, a multiple of 64", "2048")
    .option("--hidden <n>", "hidden size, a multiple of 32", "128")
    .option("--layers <n>", "layers", "4")
    .option("--context <n>", "tokens the model can read", "2048")
    .option("--no-tags", "R1-Searcher's tags are spelt out instead of being single tokens")
    .option("--json", "one JSON object on standard output")
    .action(async (folder: string | undefined, options: MakeTinyOptions, self: Command) => {
      const target = folder === undefined ? join(modelsHome(), "tiny") : resolve(folder);
      if (existsSync(join(target, "config.json")))
        throw new CommandError(`${target} holds a model already; name another folder.`);
      const texts = await textsOf(options.text, interruptSignal());
      const made = make(target, texts, options);
      // A parent with the same option takes it before its subcommand does.
      if (self.optsWithGlobals<{ json?: boolean }>().json) return printJson({ ...made });
      print(
        `Made ${made.folder}: ${made.parameters.toLocaleString("en")} weights, ${made.vocabulary} tokens. It knows nothing yet.`,
      );
    });
}

function make(folder: string, texts: string[], options: MakeTinyOptions): TinyModel {
  try {
    return makeTinyModel(folder, {
      texts,
      seed: numberOf("--seed", options.seed, 0),
      vocabulary: numberOf("--vocab", options.vocab, 64),
      hidden: numberOf("--hidden", options.hidden, 32),
      layers: numberOf("--layers", options.layers, 1),
      contextLength: numberOf("--context", options.context, 32),
      tags: options.tags ? searcherTags : [],
    });
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(error.message, exitCodes.usage);
    throw error;
  }
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value >= 2 ** 31)
    throw new CommandError(`${name} takes a whole number from ${least} on.`, exitCodes.usage);
  return value;
}

/** Texts of files and of the documents in folders, in the order of their paths. A file that is no known document is read as text. */
async function textsOf(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  for (const path of paths) {
    if (!existsSync(path))
      throw new CommandError(`${path} does not exist; give files or folders of text.`, exitCodes.usage);
    const folder = statSync(path).isDirectory();
    const files = folder ? (await scanFolder(path, [], signal)).files.map((file) => join(path, file.path)) : [path];
    for (const file of files) {
      if (needsWorker(file)) {
        const document = await readBook(file, signal);
        if (document) texts.push(plainText(document));
        continue;
      }
      const bytes = await readBytes(file, 64 * 2 ** 20);
      const read = formatOf(file) ? readTextDocument(file, bytes) : undefined;
      if (read?.ok) texts.push(plainText(read.document));
      else if (!folder) texts.push(new TextDecoder().decode(bytes));
    }
  }
  if (!texts.some((text) => text.trim() !== ""))
    throw new CommandError(`${paths.join(", ")} holds no text; name a file or a folder with documents.`);
  return texts;
}

async function readBook(file: string, signal: AbortSignal): Promise<ReadDocument | undefined> {
  const pool = openReaderPool();
  try {
    const job = { folderPath: dirname(file), folder: "", path: basename(file) };
    const outcome = await pool.readWhole(job, signal);
    return outcome.kind === "read" ? outcome.document : undefined;
  } finally {
    await pool.close();
  }
}

function plainText({ parts }: ReadDocument): string {
  return parts
    .flatMap(({ source, units }) => units.map(({ start, end, text }) => text ?? source.slice(start, end)))
    .join("\n\n");
}
