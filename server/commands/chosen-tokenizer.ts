import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeTokenizer, type TextTokenizer } from "../models/tokenizer.ts";
import { CommandError, exitCodes } from "./output.ts";
import { isFileFailure, whyUnread } from "../file-failure.ts";

/** No vocabulary is larger (bytes). */
const sizeLimit = 128 * 1024 * 1024;

/** The tokenizer in a `tokenizer.json`, or in a folder that has one. Throws a CommandError where there is none. */
export async function chosenTokenizer(path: string): Promise<TextTokenizer> {
  const wrong = (reason: string, cause?: unknown): CommandError =>
    new CommandError(
      `--tokenizer takes a tokenizer.json or a folder that has one; ${path} ${reason}.`,
      exitCodes.usage,
      {
        cause,
      },
    );
  try {
    const file = (await stat(path)).isDirectory() ? join(path, "tokenizer.json") : path;
    if ((await stat(file)).size > sizeLimit) throw wrong("is too large to be one");
    const text = await readFile(file, "utf8");
    const id = `sha256:${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
    return makeTokenizer(id, JSON.parse(text) as unknown);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw wrong(isFileFailure(error) ? whyUnread(error) : "is none", error);
  }
}
