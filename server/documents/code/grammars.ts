import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Language, Parser } from "web-tree-sitter";
import { packageData } from "../package-data.ts";

const extensions: Record<string, string> = {
  bash: "sh bash zsh",
  "c-sharp": "cs",
  cpp: "c h cc cpp cxx hh hpp hxx ino cu cuh",
  go: "go",
  java: "java",
  javascript: "js mjs cjs jsx",
  php: "php",
  powershell: "ps1 psm1",
  python: "py pyi",
  ruby: "rb rake gemspec",
  rust: "rs",
  tsx: "tsx",
  typescript: "ts mts cts",
};
const grammarOf = new Map(
  Object.entries(extensions).flatMap(([grammar, list]) => list.split(" ").map((each) => [`.${each}`, grammar])),
);

let runtime: Promise<void> | undefined;
const loaded = new Map<string, Promise<Language>>();

/** A parser for the language of a source file, by its name; undefined where there is no grammar for it. The caller deletes it. */
export async function openParser(path: string): Promise<Parser | undefined> {
  const grammar = grammarOf.get(extname(path).toLowerCase());
  if (grammar === undefined) return undefined;
  runtime ??= readFile(join(packageData("grammars", "web-tree-sitter"), "web-tree-sitter.wasm")).then((wasmBinary) =>
    Parser.init({ wasmBinary }),
  );
  await runtime;
  let language = loaded.get(grammar);
  if (!language) {
    language = readFile(join(packageData("grammars", "@vscode/tree-sitter-wasm"), `tree-sitter-${grammar}.wasm`)).then(
      (file) => Language.load(file),
    );
    loaded.set(grammar, language);
  }
  return new Parser().setLanguage(await language);
}
