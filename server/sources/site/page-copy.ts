import { createHash } from "node:crypto";
import { Parser } from "htmlparser2";
import { decodePage, opensTooMuch } from "../../retrieval/web/page-text.ts";
import { isPdf } from "./fetch-page.ts";

/** A page as it is kept: a text that names its address as its title, or a PDF as it came, and what it says of itself. */
export interface PageCopy {
  /** `.html`, `.md` or `.pdf`. */
  extension: string;
  content: string | Uint8Array;
  /** Addresses that the page links to, as they stand there, with the page's own base; none where it asks not to be followed. */
  links: string[];
  base?: string;
  /** The page asks not to be kept. */
  refusesIndex: boolean;
  /** Whether anything can be read in it; a page that its scripts make has nothing. */
  hasText: boolean;
  /** Equal for pages that say the same under several addresses. */
  hash: string;
}

const mostLinks = 5_000;
/** Of these nothing is read, and nothing of them may run or be fetched when a person opens the copy in a browser. */
const dropped = new Set([
  "script",
  "style",
  "svg",
  "iframe",
  "object",
  "embed",
  "template",
  "noscript",
  "title",
  "base",
  "link",
  "meta",
]);
const unpaired = new Set(["base", "link", "meta", "embed"]);

/**
 * Copies a page. Of HTML everything stays as it was sent, so that places in the copy are exact, but for what is not text; plain text and
 * Markdown stay whole. The address becomes the title.
 */
export function copyPage(address: string, bytes: Uint8Array, type: string, directives = ""): PageCopy {
  const said = new Set(wordsOf(directives));
  if (isPdf(type)) {
    return {
      extension: ".pdf",
      content: bytes,
      links: [],
      refusesIndex: said.has("noindex") || said.has("none"),
      // A page of excuses is sent with any type.
      hasText: Buffer.from(bytes.subarray(0, 1024)).includes("%PDF-"),
      hash: hashOf(bytes),
    };
  }
  const source = decodePage(bytes, type).replace(/^\ufeff/, "");
  if (/^text\/(?:plain|markdown)\b/i.test(type)) {
    const body = /^text\/markdown/i.test(type) ? source : fenced(source);
    return {
      extension: ".md",
      content: `---\ntitle: ${JSON.stringify(address)}\n---\n\n${withoutFrontMatter(body)}`,
      links: [],
      refusesIndex: said.has("noindex") || said.has("none"),
      hasText: source.trim() !== "",
      hash: hashOf(source),
    };
  }
  const page: ReadPage = opensTooMuch(source)
    ? { body: "", links: [], said: new Set(), hasText: false }
    : readPage(source);
  for (const word of page.said) said.add(word);
  const follow = !said.has("nofollow") && !said.has("none");
  return {
    extension: ".html",
    content: `${head(address)}${page.body}\n`,
    links: follow ? page.links : [],
    ...(page.base === undefined ? {} : { base: page.base }),
    refusesIndex: said.has("noindex") || said.has("none"),
    hasText: page.hasText,
    hash: hashOf(page.body),
  };
}

interface ReadPage {
  body: string;
  links: string[];
  said: Set<string>;
  base?: string;
  hasText: boolean;
}

function readPage(source: string): ReadPage {
  const kept: string[] = [];
  const links = new Set<string>();
  const said = new Set<string>();
  let base: string | undefined;
  let from = 0;
  let within = "";
  let depth = 0;
  let hasText = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      const href = attributes["href"];
      if (name === "a" && href && links.size < mostLinks && !/\bnofollow\b/i.test(attributes["rel"] ?? ""))
        links.add(href);
      if (name === "base" && href && base === undefined) base = href;
      if (name === "meta" && /^(?:robots|searchlight)$/i.test(attributes["name"] ?? ""))
        for (const word of wordsOf(attributes["content"] ?? "")) said.add(word);
      if (depth > 0) {
        if (name === within) depth++;
      } else if (dropped.has(name)) {
        kept.push(source.slice(from, parser.startIndex));
        from = parser.endIndex + 1;
        if (unpaired.has(name)) return;
        within = name;
        depth = 1;
      }
    },
    ontext(text) {
      hasText ||= depth === 0 && text.trim() !== "";
    },
    onclosetag(name) {
      if (depth > 0 && name === within && --depth === 0) from = parser.endIndex + 1;
    },
    oncomment() {
      if (depth > 0) return;
      kept.push(source.slice(from, parser.startIndex));
      from = parser.endIndex + 1;
    },
    onprocessinginstruction() {
      if (depth > 0) return;
      kept.push(source.slice(from, parser.startIndex));
      from = parser.endIndex + 1;
    },
  });
  parser.write(source);
  parser.end();
  if (depth === 0) kept.push(source.slice(from));
  return { body: kept.join(""), links: [...links], said, hasText, ...(base === undefined ? {} : { base }) };
}

/** A browser that opens the copy fetches and runs nothing. */
function head(address: string): string {
  const policy = "default-src 'none'; style-src 'none'; script-src 'none'";
  return `<!DOCTYPE html>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">\n<title>${escaped(address)}</title>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Plain text as one block that Markdown leaves alone. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.replace(/\n$/, "")}\n${fence}\n`;
}

function withoutFrontMatter(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/^---\n[\s\S]*?\n---(?:\n|$)/, "");
}

function wordsOf(directives: string): string[] {
  return directives.toLowerCase().split(/[\s,]+/);
}

function hashOf(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}
