import { basename, extname } from "node:path";
import { decodeText } from "./decode.ts";
import type { ReadResult } from "./document.ts";
import { readHtml } from "./read-html.ts";
import { readMarkdown } from "./read-markdown.ts";
import { readNotebook } from "./read-notebook.ts";
import { readText } from "./read-text.ts";

type Format = "markdown" | "html" | "notebook" | "text";

const formats: Record<string, Format> = {
  ".md": "markdown",
  ".markdown": "markdown",
  ".mdx": "markdown",
  ".html": "html",
  ".htm": "html",
  ".xhtml": "html",
  ".ipynb": "notebook",
  ".txt": "text",
  ".text": "text",
  ".log": "text",
  ".rst": "text",
  ".adoc": "text",
  ".asciidoc": "text",
  ".org": "text",
};
const bareNames = /^(readme|license|licence|copying|notice|changelog|changes|authors|contributing|install|news|todo)$/i;

/** How a file is read, by its name; undefined for what is not a document. */
export function formatOf(path: string): Format | undefined {
  const extension = extname(path).toLowerCase();
  return formats[extension] ?? (extension === "" && bareNames.test(basename(path)) ? "text" : undefined);
}

/** A file's bytes as a document with exact places, or why it is none. Pure. */
export function readDocument(path: string, bytes: Uint8Array): ReadResult {
  const format = formatOf(path);
  if (!format) return { ok: false, reason: "not a kind of document that is read" };
  const decoded = decodeText(bytes);
  if (!decoded.ok) return decoded;
  const title = basename(path);
  switch (format) {
    case "markdown":
      return { ok: true, document: readMarkdown(decoded.text, title) };
    case "html":
      return { ok: true, document: readHtml(decoded.text, title) };
    case "notebook":
      return readNotebook(decoded.text, title);
    case "text":
      return { ok: true, document: readText(decoded.text, title) };
  }
}
