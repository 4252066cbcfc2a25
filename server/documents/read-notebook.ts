import { z } from "zod";
import type { Part, ReadResult, Unit } from "./document.ts";
import { readMarkdownPart, trimmedEnd } from "./read-markdown.ts";

const Source = z.union([z.string(), z.array(z.string())]).transform((source) => (Array.isArray(source) ? source.join("") : source));
const Notebook = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: Source })),
});

/** A Jupyter notebook (nbformat 4): each cell is a part with lines of its own; outputs are not documents. */
export function readNotebook(source: string, fallbackTitle: string): ReadResult {
  const notebook = parseNotebook(source);
  if (!notebook) return { ok: false, reason: "not a notebook of format 4" };
  const parts: Part[] = [];
  let headings: readonly string[] = [];
  for (const [cell, { cell_type: type, source: raw }] of notebook.cells.entries()) {
    const text = raw.replace(/\r\n?/g, "\n");
    if (text.trim() === "") continue;
    if (type === "markdown") {
      const part = readMarkdownPart(text, headings);
      parts.push({ ...part, cell });
      headings = part.units.at(-1)?.headings ?? headings;
    } else {
      const start = text.search(/\S/);
      const unit: Unit = { start, end: trimmedEnd(text, start, text.length), headings, isHeading: false };
      parts.push({ source: text, units: [unit], cell });
    }
  }
  const first = parts.flatMap((part) => part.units).find((unit) => unit.isHeading)?.headings[0];
  return { ok: true, document: { title: first ?? fallbackTitle, parts } };
}

function parseNotebook(source: string): z.infer<typeof Notebook> | undefined {
  try {
    return Notebook.safeParse(JSON.parse(source)).data;
  } catch {
    return undefined;
  }
}
