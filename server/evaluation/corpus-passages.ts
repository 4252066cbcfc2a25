import { z } from "zod";
import type { Passage } from "../../protocol/passage.ts";
import { fileRecords } from "./data-sets/file-records.ts";

const Id = z.union([z.string().min(1), z.number()]).transform(String);
const Titled = z
  .object({ id: Id, title: z.string().default(""), text: z.string() })
  .transform(({ id, title, text }) => ({ id, title, text }));
/** Search-R1's corpora: the first line of `contents` is the title in quotation marks. */
const Contents = z.object({ id: Id, contents: z.string() }).transform(({ id, contents }): Passage => {
  const line = /^"(?<title>[^\n]*)"\n/u.exec(contents);
  return line
    ? { id, title: line.groups!["title"]!, text: contents.slice(line[0].length) }
    : { id, title: "", text: contents };
});

export type CorpusReading = { ok: true; passages: Passage[] } | { ok: false; line: number; reason: string };

/** Reads a corpus: records `{id, title, text}` or `{id, contents}`. Throws what the file system throws and `UnreadableFile`. */
export async function readPassages(path: string): Promise<CorpusReading> {
  const passages: Passage[] = [];
  const lines = new Map<string, number>();
  for await (const record of fileRecords(path)) {
    const { line } = record;
    if ("problem" in record) return { ok: false, line, reason: `the line ${record.problem}` };
    const titled = Titled.safeParse(record.data);
    const parsed = titled.success ? titled : Contents.safeParse(record.data);
    if (!parsed.success)
      return { ok: false, line, reason: "the record holds neither id, title and text nor id and contents" };
    const before = lines.get(parsed.data.id);
    if (before !== undefined)
      return { ok: false, line, reason: `the id ${JSON.stringify(parsed.data.id)} is that of line ${before}` };
    lines.set(parsed.data.id, line);
    passages.push(parsed.data);
  }
  return { ok: true, passages };
}
