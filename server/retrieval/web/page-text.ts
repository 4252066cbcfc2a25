import { readHtml } from "../../documents/read-html.ts";

/** Headings under which an article lists its sources; nothing below them is about its subject. */
const endings = /^(references|notes|external links|further reading|bibliography)(\s*\[.*\])?$/i;

/** Shorter lines are menus and buttons. */
const leastWords = 3;

/**
 * Open elements that no page needs and that the parser, whose stack grows at its front, would take minutes for. Lists and
 * tables may leave many elements open, which it closes by itself.
 */
const mostOpen = 20_000;
const unpaired = new Set("area base br col embed hr img input link meta source track wbr".split(" "));

/** The readable text of a page: its lines of at least three words, up to its list of sources. Empty for a page of tags alone. */
export function pageText(bytes: Uint8Array, contentType: string): string {
  const source = decodePage(bytes, contentType);
  const lines = /^text\/plain\b/i.test(contentType) ? source.split(/\r?\n/) : htmlLines(source);
  return lines.filter((line) => line.trim().split(/\s+/).length >= leastWords).join("\n");
}

function htmlLines(source: string): string[] {
  if (opensTooMuch(source)) return [];
  const units = readHtml(source, "").parts.flatMap((part) => part.units);
  const end = units.findIndex(({ text, isHeading }) => isHeading && endings.test((text ?? "").trim()));
  return (end < 0 ? units : units.slice(0, end)).map(({ text }) => text ?? "");
}

/** Whether a page leaves more elements open than the parser can take. */
export function opensTooMuch(source: string): boolean {
  let open = 0;
  for (const [, slash, name] of source.matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (slash) open = Math.max(0, open - 1);
    else if (!unpaired.has(name!.toLowerCase()) && ++open > mostOpen) return true;
  }
  return false;
}

/** A page's text by the header's charset, else by the one the page names near its beginning, else UTF-8. */
export function decodePage(bytes: Uint8Array, contentType: string): string {
  const named = /charset\s*=\s*["']?([\w-]+)/i;
  const beginning = new TextDecoder("latin1").decode(bytes.subarray(0, 1024));
  const charset = named.exec(contentType)?.[1] ?? named.exec(beginning)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
