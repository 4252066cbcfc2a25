import { z } from "zod";
import { type Part, type ReadResult, type Unit, trimmedEnd } from "./document.ts";
import { HeadingPath } from "./heading-path.ts";
import { readMarkdownPart } from "./read-markdown.ts";

const Source = z
  .union([z.string(), z.array(z.string())])
  .transform((source) => (Array.isArray(source) ? source.join("") : source));
const Cell = z.object({ cell_type: z.string(), source: Source });
const Notebook = z.object({ cells: z.array(z.unknown()) });

/** A Jupyter notebook (nbformat 4): each cell is a part with lines of its own; outputs are not documents. */
export function readNotebook(source: string, fallbackTitle: string): ReadResult {
  const notebook = parseNotebook(source);
  if (!notebook) return { ok: false, reason: "damaged, or no notebook of format 4" };
  const parts: Part[] = [];
  const path = new HeadingPath();
  for (const [cell, { cell_type: type, source: raw }] of notebook.entries()) {
    const text = raw.replace(/\r\n?/g, "\n");
    if (text.trim() === "") continue;
    if (type === "markdown") {
      parts.push({ ...readMarkdownPart(text, path), cell });
    } else {
      const start = text.search(/\S/);
      const unit: Unit = { start, end: trimmedEnd(text, start, text.length), headings: path.now(), isHeading: false };
      parts.push({ source: text, units: [unit], cell });
    }
  }
  const first = parts.flatMap((part) => part.units).find((unit) => unit.isHeading)?.headings[0];
  return { ok: true, document: { title: first ?? fallbackTitle, parts } };
}

/** The first wrong cell is the end: a list of what is wrong with a million of them would not fit into memory. */
function parseNotebook(source: string): z.infer<typeof Cell>[] | undefined {
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch {
    return undefined;
  }
  const cells: z.infer<typeof Cell>[] = [];
  for (const raw of Notebook.safeParse(data).data?.cells ?? [undefined]) {
    const cell = Cell.safeParse(raw);
    if (!cell.success) return undefined;
    cells.push(cell.data);
  }
  return cells;
}
