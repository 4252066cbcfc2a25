import { extname } from "node:path";
import type { Passage } from "../../protocol/passage.ts";
import { formatOf } from "../documents/format.ts";

/** What a passage can be filtered by. */
export interface Facets {
  /** Path of its file, or its id where it has none. */
  path: string;
  kind: Kind;
  /** As `Passage.language`; empty where nothing is known. */
  lang: string;
}

export const kinds = [
  "markdown",
  "html",
  "pdf",
  "docx",
  "notebook",
  "restructuredtext",
  "asciidoc",
  "code",
  "text",
] as const;
export type Kind = (typeof kinds)[number];

const kindsByExtension = new Map<string, Kind>(
  Object.entries({
    md: "markdown",
    markdown: "markdown",
    mdx: "markdown",
    html: "html",
    htm: "html",
    xhtml: "html",
    pdf: "pdf",
    docx: "docx",
    ipynb: "notebook",
    rst: "restructuredtext",
    adoc: "asciidoc",
    asciidoc: "asciidoc",
    txt: "text",
    text: "text",
    log: "text",
    org: "text",
  }),
);

/** Programming languages by their files' extensions; each extension that is here is code. */
const languagesByExtension = new Map<string, string>(
  Object.entries({
    bash: "shell",
    c: "c",
    cc: "cpp",
    cpp: "cpp",
    cs: "csharp",
    css: "css",
    cxx: "cpp",
    go: "go",
    h: "c",
    hpp: "cpp",
    ini: "ini",
    java: "java",
    js: "javascript",
    json: "json",
    jsonc: "json",
    jsx: "javascript",
    kt: "kotlin",
    cjs: "javascript",
    cts: "typescript",
    mjs: "javascript",
    mts: "typescript",
    php: "php",
    ps1: "powershell",
    py: "python",
    pyi: "python",
    rb: "ruby",
    rs: "rust",
    scala: "scala",
    sh: "shell",
    sql: "sql",
    swift: "swift",
    toml: "toml",
    ts: "typescript",
    tsx: "typescript",
    yaml: "yaml",
    yml: "yaml",
  }),
);

/** Other names by which people call kinds and languages in a query. */
const aliases = new Map<string, string>(
  Object.entries({
    md: "markdown",
    mdx: "markdown",
    htm: "html",
    doc: "docx",
    word: "docx",
    ipynb: "notebook",
    jupyter: "notebook",
    rst: "restructuredtext",
    adoc: "asciidoc",
    txt: "text",
    source: "code",
    english: "en",
    german: "de",
    french: "fr",
    spanish: "es",
    italian: "it",
    portuguese: "pt",
    chinese: "zh",
    japanese: "ja",
    korean: "ko",
    russian: "ru",
    "c++": "cpp",
    "c#": "csharp",
    bash: "shell",
  }),
);

/** What a passage is, by its place and what its reader said of it. */
export function facetsOf({ id, place, language }: Pick<Passage, "id" | "place" | "language">): Facets {
  const path = place?.path ?? id;
  const extension = extname(path).slice(1).toLowerCase();
  const programming = place && languagesByExtension.get(extension);
  return {
    path,
    kind:
      programming || (place && formatOf(path) === "code")
        ? "code"
        : ((place && kindsByExtension.get(extension)) ?? "text"),
    lang: language ?? programming ?? "",
  };
}

/** The name that passages carry for what a person writes after `kind:` or `lang:`: other names and extensions are known. */
export function facetName(field: "kind" | "lang", written: string): string {
  const name = written.toLowerCase().replace(/^\./, "");
  return aliases.get(name) ?? (field === "kind" ? kindsByExtension : languagesByExtension).get(name) ?? name;
}
