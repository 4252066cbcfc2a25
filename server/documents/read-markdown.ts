import MarkdownIt from "markdown-it";
import { type Part, type ReadDocument, type Unit, lineStarts, trimmedEnd } from "./document.ts";
import { readFrontMatter } from "./front-matter.ts";
import { HeadingPath } from "./heading-path.ts";
import { joinContainers } from "./markdown-containers.ts";
import { markdownColumns } from "./table-columns.ts";

// Only blocks are read. Parsing what is inside a line could make a hundred tokens of each character of a hostile file.
const markdown = new MarkdownIt({ html: true })
  .enable("table")
  .disable(["inline", "linkify", "replacements", "smartquotes", "text_join"], true);

export interface MarkdownOptions {
  /** MDX: lines that import or export, and comments of JSX, are the page's program and not its text. */
  mdx?: boolean;
}

/** Markdown with front matter: one unit for each top-level block or admonition, under the path of headings above it. */
export function readMarkdown(source: string, fallbackTitle: string, options: MarkdownOptions = {}): ReadDocument {
  const part = readMarkdownPart(source, new HeadingPath(), options);
  const front = readFrontMatter(source).title;
  const first = part.units.find((unit) => unit.isHeading)?.headings.at(-1);
  return { title: front ?? first ?? fallbackTitle, parts: [part] };
}

/** The units of one Markdown source; `path` holds the headings that earlier parts (notebook cells) left open. */
export function readMarkdownPart(
  source: string,
  path = new HeadingPath(),
  { mdx = false }: MarkdownOptions = {},
): Part {
  const starts = lineStarts(source);
  const body = readFrontMatter(source).lines;
  const units: Unit[] = [];
  const tokens = markdown.parse(source.slice(starts[body] ?? source.length), {});
  for (const [index, token] of tokens.entries()) {
    if (token.level !== 0 || !token.map) continue;
    const [from, to] = [token.map[0] + body, token.map[1] + body];
    const isHeading = token.type === "heading_open";
    if (isHeading) path.enter(Number(token.tag.slice(1)), headingText(tokens[index + 1]?.content ?? ""));
    const start = starts[from] ?? source.length;
    const end = trimmedEnd(source, start, starts[to] ?? source.length);
    if (end <= start || isUnseen(source.slice(start, end), mdx)) continue;
    const ownColumns = token.type === "table_open" ? markdownColumns(source.slice(start, end)) : undefined;
    units.push({ start, end, headings: path.now(), isHeading, ...(ownColumns === undefined ? {} : { ownColumns }) });
  }
  return { source, units: joinContainers(source, units) };
}

/** A block that no reader of the page sees: a comment, or in MDX its program. */
function isUnseen(block: string, mdx: boolean): boolean {
  if (/^<!--(?:(?!-->)[^])*-->$/u.test(block)) return true;
  if (!mdx) return false;
  const isProgram =
    /^(?:import\s+(?:["']|[\w$*{][^]*\sfrom\s+["'])|export\s+(?:default|const|let|function|class|\{|\*))/u;
  return isProgram.test(block) || /^\{\/\*(?:(?!\*\/)[^])*\*\/\}$/u.test(block);
}

/** A heading as it is read: without an anchor at its end, the target of a link, and marks of emphasis and code. */
function headingText(content: string): string {
  return content
    .replace(/\s*\{:?\s*#[^{}]*\}\s*$/u, "")
    .replace(/!?\[([^[\]]*)\]\([^()\s]*\)/gu, "$1")
    .replace(/\*\*|__|`/gu, "")
    .trim();
}
