import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Parser } from "htmlparser2";
import MarkdownIt from "markdown-it";
import { z } from "zod";
import type { Part, ReadDocument } from "../../../server/documents/document.ts";
import { lineStarts } from "../../../server/documents/document.ts";
import { readDocument } from "../../../server/documents/read-document.ts";

export const root = "samples/observatory";

const Supporting = z.strictObject({
  path: z.string(),
  cell: z.int().min(0).optional(),
  startLine: z.int().min(1),
  endLine: z.int().min(1),
  text: z.string().min(1),
});
export type Supporting = z.infer<typeof Supporting>;

export const SampleQuestion = z.strictObject({
  id: z.string().regex(/^q\d\d$/),
  question: z.string().endsWith("?"),
  hops: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  type: z.enum(["lookup", "bridge", "comparison", "unanswerable"]),
  golds: z.array(z.string().min(1)),
  supporting: z.array(Supporting),
  bridges: z.array(z.string().min(1)).optional(),
  answerable: z.boolean(),
});
export type SampleQuestion = z.infer<typeof SampleQuestion>;

/** Every line of `questions.jsonl`, parsed strictly. Throws on the first line that is not a question. */
export function sampleQuestions(): SampleQuestion[] {
  const lines = readFileSync(join(root, "questions.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => SampleQuestion.parse(JSON.parse(line)));
}

/** A file of the sample as the index reads it. Throws where it is none. */
export async function sampleDocument(path: string): Promise<ReadDocument> {
  const read = await readDocument(path, readFileSync(join(root, path)));
  if (!read.ok) throw new Error(`${path}: ${read.reason}`);
  return read.document;
}

/** What a reader sees on some lines: the source itself, or the visible text of the blocks that touch them. */
export async function visibleLines(place: Omit<Supporting, "text">): Promise<string> {
  const part = (await sampleDocument(place.path)).parts.find((candidate) => candidate.cell === place.cell);
  if (!part) return "";
  if (part.units.every((unit) => unit.text === undefined)) {
    return part.source
      .split("\n")
      .slice(place.startLine - 1, place.endLine)
      .join("\n");
  }
  return blocksOn(part, place.startLine, place.endLine).join("\n");
}

function blocksOn(part: Part, startLine: number, endLine: number): string[] {
  const starts = lineStarts(part.source);
  const [from, to] = [starts[startLine - 1] ?? part.source.length, starts[endLine] ?? part.source.length];
  return part.units.filter((unit) => unit.start >= from && unit.end <= to).map((unit) => unit.text ?? "");
}

/** Targets of the links and images of a Markdown, HTML or notebook file, as they are written there. */
export function linksOf(path: string): string[] {
  const source = readFileSync(join(root, path), "utf8");
  if (path.endsWith(".html")) return htmlLinks(source);
  if (path.endsWith(".ipynb")) {
    const cells = z
      .object({ cells: z.array(z.object({ cell_type: z.string(), source: z.array(z.string()) })) })
      .parse(JSON.parse(source)).cells;
    return cells.filter((cell) => cell.cell_type === "markdown").flatMap((cell) => markdownLinks(cell.source.join("")));
  }
  return path.endsWith(".md") ? markdownLinks(source) : [];
}

function markdownLinks(source: string): string[] {
  const tokens = new MarkdownIt({ html: true }).parse(source, {}).flatMap((token) => token.children ?? []);
  return tokens.flatMap((token) =>
    [token.attrGet("href"), token.attrGet("src")].flatMap((target) => (target === null ? [] : String(target))),
  );
}

function htmlLinks(source: string): string[] {
  const links: string[] = [];
  const parser = new Parser({
    onopentag(_name, attributes) {
      for (const name of ["href", "src"]) if (attributes[name] !== undefined) links.push(attributes[name]);
    },
  });
  parser.end(source);
  return links;
}

/** The sample's path that a relative link leads to, or undefined for a link to elsewhere. */
export function linkedPath(from: string, link: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:/i.test(link) || link.startsWith("#")) return undefined;
  return posix.join(dirname(from), decodeURIComponent(link.split("#")[0]!));
}
