import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dataHome } from "../home.ts";
import { modelRoots } from "./model-files.ts";
import { makeTokenizer, type TextTokenizer } from "./tokenizer.ts";

const opened = new Map<string, TextTokenizer>();

/**
 * The tokenizer of this id where a model folder on this machine has that name and holds one; undefined otherwise. Ids come from
 * records that anybody may have written, so they are compared with the names of folders and never made into a path.
 */
export function findTokenizer(id: string): TextTokenizer | undefined {
  const known = opened.get(id);
  if (known) return known;
  for (const root of [...modelRoots(), join(dataHome(), "models")]) {
    if (!existsSync(root)) continue;
    const name = readdirSync(root).find((entry) => entry === id);
    const file = name === undefined ? undefined : join(root, name, "tokenizer.json");
    if (file === undefined || !existsSync(file)) continue;
    try {
      const tokenizer = makeTokenizer(id, JSON.parse(readFileSync(file, "utf8")));
      opened.set(id, tokenizer);
      return tokenizer;
    } catch {
      continue; // No tokenizer of a form that is known: as good as none.
    }
  }
  return undefined;
}

/** The text of each id on its own; a piece of a character's bytes is U+FFFD. Equal ids are decoded once. */
export function tokenTexts(tokenizer: Pick<TextTokenizer, "decode">, ids: readonly number[]): string[] {
  const texts = new Map<number, string>();
  return ids.map((id) => {
    let text = texts.get(id);
    if (text === undefined) {
      try {
        text = tokenizer.decode([id]);
      } catch {
        text = "\u{FFFD}"; // An id that the vocabulary does not have.
      }
      texts.set(id, text);
    }
    return text;
  });
}
