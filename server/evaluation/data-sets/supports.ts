import { z } from "zod";
import type { Passage } from "../../../protocol/passage.ts";
import type { Support } from "./question.ts";

const Lines = z.object({ path: z.string().min(1), startLine: z.int().min(1), endLine: z.int().min(1) });
const Quote = z.object({ text: z.string().min(1) });

/** What a record names as proof: ids first, then lines or quotes, then titles. */
export function supportsOf(row: Record<string, unknown>): { list: Support[] } | { field: string; reason: string } {
  const ids = row["supporting_ids"];
  if (ids !== undefined) {
    const parsed = z.array(z.string()).safeParse(ids);
    if (!parsed.success) return { field: "supporting_ids", reason: "is no list of texts" };
    if (parsed.data.length > 0) return { list: parsed.data.map((id) => ({ kind: "passage", id })) };
  }
  const field = row["supporting"] !== undefined ? "supporting" : "references";
  const named = row[field];
  if (named === undefined || named === null) return { list: [] };
  if (!Array.isArray(named)) return { field, reason: "is no list" };
  const list: Support[] = [];
  for (const [index, each] of (named as unknown[]).entries()) {
    const support = supportOf(each);
    if (!support)
      return { field: `${field}[${index}]`, reason: "names neither a title, nor lines of a file, nor a quote" };
    list.push(support);
  }
  return { list };
}

function supportOf(value: unknown): Support | undefined {
  if (typeof value === "string") return { kind: "page", name: value };
  const lines = Lines.safeParse(value);
  if (lines.success) return { kind: "lines", ...lines.data };
  const quote = Quote.safeParse(value);
  return quote.success ? { kind: "quote", text: quote.data.text } : undefined;
}

/** Whether a passage is, or holds, what a data set names as proof. */
export function isSupport(passage: Passage, support: Support): boolean {
  switch (support.kind) {
    case "passage":
      return passage.id === support.id;
    case "page":
      return samePage(passage, support.name);
    case "lines": {
      const { place } = passage;
      return (
        place !== undefined &&
        place.path === support.path &&
        place.startLine <= support.endLine &&
        place.endLine >= support.startLine
      );
    }
    case "quote":
      return plain(passage.text).includes(plain(support.text));
  }
}

/** Data sets name a file from a folder above the one that is indexed, or the other way round. */
function samePage({ title, place }: Passage, name: string): boolean {
  if (plain(title) === plain(name)) return true;
  if (!place) return false;
  return place.path === name || name.endsWith(`/${place.path}`) || place.path.endsWith(`/${name}`);
}

function plain(text: string): string {
  return text.toLowerCase().replace(/\s+/gu, " ").trim();
}
