import { createHash } from "node:crypto";
import type { Hit } from "../../../protocol/passage.ts";

/** `(3)…` of R1-Searcher and `Doc 3(Title: "…") …` of Search-R1, at the start of a line. */
const numbered = /(?:^|\n)(?:\((\d+)\)|Doc (\d+)\(Title: (?:"([^\n]*?)")?\) ?)/gu;
/** `Title: T Text: body`, at times within double quotes, as R1-Searcher's HotpotQA corpus has it. */
const titleAndText = /^"?Title: ([^\n]*?) Text:\s*/u;

/**
 * The documents of an inserted block, in order; none where the block is not numbered (a summary, an error, `None`). Only a
 * number that goes on from the one before begins a document: a list inside a document is not cut.
 */
export function parseDocuments(block: string): Hit[] {
  const starts: { start: number; body: number; title: string | undefined }[] = [];
  for (const match of block.matchAll(numbered)) {
    const number = Number(match[1] ?? match[2]);
    if (number !== starts.length + 1) continue;
    starts.push({ start: match.index, body: match.index + match[0].length, title: match[3] });
  }
  return starts.map(({ body, title }, index) =>
    hit(block.slice(body, starts[index + 1]?.start ?? block.length).trim(), title, index + 1),
  );
}

function hit(content: string, title: string | undefined, rank: number): Hit {
  const passage = title === undefined ? untitled(content) : { title, text: content };
  const id = `text:${createHash("sha256").update(`${passage.title}\n${passage.text}`).digest("hex").slice(0, 16)}`;
  return { passage: { id, ...passage }, rank, score: 1 / rank, matched: [] };
}

/** A title is known where the corpus marks it: by `Title:` and `Text:`, or by three spaces after it. */
function untitled(content: string): { title: string; text: string } {
  const marked = titleAndText.exec(content);
  if (marked) return { title: marked[1]!, text: content.slice(marked[0].length).replace(/^"|"$/gu, "") };
  const gap = content.indexOf("   ");
  const line = content.indexOf("\n");
  if (gap > 0 && (line < 0 || gap < line)) return { title: content.slice(0, gap), text: content.slice(gap).trim() };
  return { title: "", text: content };
}
