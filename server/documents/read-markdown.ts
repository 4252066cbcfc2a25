import MarkdownIt from "markdown-it";
import { parse as parseYaml } from "yaml";
import type { Part, ReadDocument, Unit } from "./document.ts";
import { lineStarts } from "./document.ts";

// Only blocks are read. Parsing what is inside a line could make a hundred tokens of each character of a hostile file.
const markdown = new MarkdownIt({ html: true })
  .enable("table")
  .disable(["inline", "linkify", "replacements", "smartquotes", "text_join"], true);

/** A heading is repeated with every passage below it, so a longer one is cut: one line could else fill the index. */
const longestHeading = 300;

/** Markdown with front matter: one unit for each top-level block, under the path of headings above it. */
export function readMarkdown(source: string, fallbackTitle: string): ReadDocument {
  const part = readMarkdownPart(source);
  const front = frontMatterTitle(source);
  const first = part.units.find((unit) => unit.isHeading)?.headings.at(-1);
  return { title: front ?? first ?? fallbackTitle, parts: [part] };
}

/** The units of one Markdown source; `path` holds the headings that earlier parts (notebook cells) left open. */
export function readMarkdownPart(source: string, path = new HeadingPath()): Part {
  const starts = lineStarts(source);
  const body = frontMatterLines(source);
  const units: Unit[] = [];
  const tokens = markdown.parse(source.slice(starts[body] ?? source.length), {});
  for (const [index, token] of tokens.entries()) {
    if (token.level !== 0 || !token.map) continue;
    const [from, to] = [token.map[0] + body, token.map[1] + body];
    const isHeading = token.type === "heading_open";
    if (isHeading) path.enter(Number(token.tag.slice(1)), tokens[index + 1]?.content.trim() ?? "");
    const start = starts[from] ?? source.length;
    const end = trimmedEnd(source, start, starts[to] ?? source.length);
    if (end > start) units.push({ start, end, headings: path.now(), isHeading });
  }
  return { source, units };
}

/** The path of headings as a reader of the page would say it: each level closes those below. */
export class HeadingPath {
  #open: { level: number; text: string }[] = [];
  enter(level: number, text: string): void {
    const clipped = text.length > longestHeading ? `${text.slice(0, longestHeading - 1)}…` : text;
    this.#open = [...this.#open.filter((heading) => heading.level < level), { level, text: clipped }];
  }
  now(): string[] {
    return this.#open.map((heading) => heading.text);
  }
}

/** The end without trailing white space, so that a passage ends where its text does. */
export function trimmedEnd(source: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(source[at - 1]!)) at--;
  return at;
}

/** Lines of the front matter block, its fences included; 0 where there is none. */
function frontMatterLines(source: string): number {
  if (!source.startsWith("---\n")) return 0;
  const close = source.indexOf("\n---", 3);
  if (close === -1) return 0;
  const after = source[close + 4];
  if (after !== undefined && after !== "\n") return 0;
  return source.slice(0, close + 1).split("\n").length;
}

function frontMatterTitle(source: string): string | undefined {
  const lines = frontMatterLines(source);
  if (lines === 0) return undefined;
  try {
    const front: unknown = parseYaml(
      source
        .split("\n")
        .slice(1, lines - 1)
        .join("\n"),
      { maxAliasCount: 10 },
    );
    const title = front && typeof front === "object" && "title" in front ? front.title : undefined;
    return typeof title === "string" && title.trim() ? title.trim() : undefined;
  } catch {
    return undefined; // Templates put things into front matter that are no YAML; the page is still readable.
  }
}
