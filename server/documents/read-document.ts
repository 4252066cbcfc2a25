import { basename } from "node:path";
import { decodeText } from "./decode.ts";
import type { ReadResult } from "./document.ts";
import { formatOf } from "./format.ts";
import { readTextDocument } from "./read-text-document.ts";

/**
 * A file's bytes as a document with exact places, or why it is none; the same bytes give the same document. Parsers that are
 * large are loaded when the first file needs them.
 */
export async function readDocument(path: string, bytes: Uint8Array): Promise<ReadResult> {
  const read = await readFormat(path, bytes);
  if (!read.ok || formatOf(path) === "code") return read;
  const language = (await import("./language.ts")).languageOf(read.document);
  return language === undefined ? read : { ...read, document: { ...read.document, language } };
}

async function readFormat(path: string, bytes: Uint8Array): Promise<ReadResult> {
  switch (formatOf(path)) {
    case "pdf":
      return (await import("./read-pdf.ts")).readPdf(bytes, basename(path));
    case "docx":
      return (await import("./read-docx.ts")).readDocx(Buffer.from(bytes), basename(path));
    case "code": {
      const decoded = decodeText(bytes);
      return decoded.ok ? (await import("./read-code.ts")).readCode(decoded.text, path, basename(path)) : decoded;
    }
    default:
      return readTextDocument(path, bytes);
  }
}
