import { basename } from "node:path";
import { decodeText } from "./decode.ts";
import type { ReadResult } from "./document.ts";
import { formatOf } from "./format.ts";
import { readAsciidoc } from "./read-asciidoc.ts";
import { readHtml } from "./read-html.ts";
import { readMarkdown } from "./read-markdown.ts";
import { readNotebook } from "./read-notebook.ts";
import { readRst } from "./read-rst.ts";
import { readText } from "./read-text.ts";

/** Reads the formats that are text and whose readers are small and quick: what no worker is needed for. */
export function readTextDocument(path: string, bytes: Uint8Array): ReadResult {
  const format = formatOf(path);
  const decoded = decodeText(bytes);
  if (!decoded.ok) return decoded;
  const title = basename(path);
  switch (format) {
    case "markdown":
      return { ok: true, document: readMarkdown(decoded.text, title, { mdx: /\.mdx$/iu.test(path) }) };
    case "html":
      return { ok: true, document: readHtml(decoded.text, title) };
    case "notebook":
      return readNotebook(decoded.text, title);
    case "rst":
      return { ok: true, document: readRst(decoded.text, title) };
    case "asciidoc":
      return { ok: true, document: readAsciidoc(decoded.text, title) };
    case "text":
      return { ok: true, document: readText(decoded.text, title) };
    default:
      return { ok: false, reason: "not a kind of document that is read" };
  }
}
