import type { Hit } from "../../protocol/passage.ts";
import type { Search, Segment, Trajectory } from "../../protocol/trajectory.ts";
import type { Profile } from "../rollout/profile.ts";
import { cleanQuery, findQuery } from "../rollout/query.ts";
import { type Mode, stretchPieces } from "../rollout/stretch-segments.ts";
import { parseDocuments } from "./import/documents.ts";

/** Text cut into segments, with the searches that it shows. */
export type ImportedText = Pick<Trajectory, "text" | "segments" | "searches">;

/** What a prompt ends with in chat templates and in R1-Searcher's own prompt, up to the thinking that it may open. */
const promptEnds = [
  /\nAssistant: (?=<think>)/u,
  /<\|im_start\|>assistant\n/u,
  /<\|start_header_id\|>assistant<\|end_header_id\|>\n\n/u,
];

/** Search-R1's prompt without a chat template: it ends with the line of the question. */
const searchR1Prompt =
  /^\s*Answer the given question\. You must conduct reasoning inside <think>[^\n]* Question: [^\n]*\n/u;

/**
 * Cuts a whole decoded text, which does not say who wrote what, into segments by its tags. A documents block that directly
 * follows a closed query is the environment's, with the white space around it that the profile inserts; a block elsewhere was
 * written by the policy. `promptEnd` is where the prompt ends, for records that say so. This is a reading, not a record: a
 * retrieved document that holds a closing tag ends its block there.
 */
export function importText(text: string, profile: Profile, promptEnd = findPromptEnd(text, profile)): ImportedText {
  const segments: Segment[] = [];
  const searches: Search[] = [];
  if (promptEnd > 0) segments.push({ kind: "prompt", origin: "prompt", start: 0, end: promptEnd, turn: 0 });
  let mode: Mode = startsThinking(text, promptEnd, profile) ? "think" : "other";
  let turn = 0;
  let at = promptEnd;
  while (at < text.length) {
    const block = nextBlock(text, at, profile);
    const stretch = text.slice(at, block?.start ?? text.length);
    const cut = stretchPieces(stretch, profile.tags, mode);
    for (const { kind, start, end } of cut.pieces)
      segments.push({ kind, origin: "policy", start: at + start, end: at + end, turn });
    if (!block) break;
    mode = cut.mode;
    segments.push({ kind: block.kind, origin: "environment", start: block.start, end: block.end, turn });
    if (block.kind === "documents") searches.push(searchOf(text, stretch, block, turn, profile));
    at = block.end;
    turn += 1;
  }
  return { text, segments, searches };
}

function findPromptEnd(text: string, profile: Profile): number {
  // Before the first inserted block, and the first there: a question, a document or an answer may hold such a string too.
  const head = text.slice(0, nextDocuments(text, 0, profile)?.start);
  const ends = promptEnds.flatMap((mark) => {
    const match = mark.exec(head);
    return match ? [match.index + match[0].length] : [];
  });
  if (ends.length === 0) return searchR1Prompt.exec(head)?.[0].length ?? 0;
  const end = Math.min(...ends);
  const { thinkOpen } = profile.tags;
  return promptThinks(profile) && text.startsWith(thinkOpen, end) ? end + thinkOpen.length : end;
}

/** Whether the prompt itself opens the thinking; else the policy writes the tag. */
function promptThinks({ tags, prompt }: Profile): boolean {
  return tags.thinkOpen !== "" && (prompt.kind === "text" ? prompt.text : prompt.prefix).endsWith(tags.thinkOpen);
}

/** Where the prompt opens the thinking and the text lacks the prompt, the text begins in thought. */
export function startsThinking(text: string, promptEnd: number, profile: Profile): boolean {
  const { thinkOpen } = profile.tags;
  return (
    promptThinks(profile) && (text.slice(0, promptEnd).endsWith(thinkOpen) || !text.includes(thinkOpen, promptEnd))
  );
}

interface Block {
  kind: "documents" | "other";
  start: number;
  end: number;
  /** Range of the documents inside the tags. */
  inner: { start: number; end: number };
}

function nextBlock(text: string, from: number, profile: Profile): Block | undefined {
  const documents = nextDocuments(text, from, profile);
  const feedback = profile.invalidAction?.trim();
  const said = feedback ? text.indexOf(feedback, from) : -1;
  if (said < 0 || (documents && documents.start < said)) return documents;
  const start = said > from && text[said - 1] === "\n" ? said - 1 : said;
  const after = said + feedback!.length;
  const end = text[after] === "\n" ? after + 1 : after;
  return { kind: "other", start, end, inner: { start, end } };
}

function nextDocuments(text: string, from: number, { tags, insertion }: Profile): Block | undefined {
  if (tags.documentsOpen === "") return undefined;
  let search = from;
  for (;;) {
    const closed = text.indexOf(tags.queryClose, search);
    if (closed < 0) return undefined;
    const start = closed + tags.queryClose.length;
    const gap = /^\s*/u.exec(text.slice(start, start + 64))![0].length;
    search = start;
    if (!text.startsWith(tags.documentsOpen, start + gap)) continue;
    const inside = start + gap + tags.documentsOpen.length;
    const close = text.indexOf(tags.documentsClose, inside);
    // A text that was cut inside its documents: what is there was inserted.
    if (close < 0) return { kind: "documents", start, end: text.length, inner: { start: inside, end: text.length } };
    const after = close + tags.documentsClose.length;
    const breaks = insertion.after.slice(insertion.after.lastIndexOf(tags.documentsClose) + tags.documentsClose.length);
    let end = after;
    while (end < text.length && end - after < breaks.length && text[end] === breaks[end - after]) end += 1;
    return { kind: "documents", start, end, inner: { start: inside, end: close } };
  }
}

function searchOf(text: string, stretch: string, block: Block, turn: number, profile: Profile): Search {
  const { queryClose } = profile.tags;
  const written = stretch.endsWith(queryClose) ? stretch.slice(0, -queryClose.length) : stretch;
  const rawQuery = findQuery(written, profile) ?? "";
  const hits: Hit[] = parseDocuments(text.slice(block.inner.start, block.inner.end));
  return {
    turn,
    query: cleanQuery(rawQuery, profile.query),
    rawQuery,
    hits,
    insertedStart: block.start,
    insertedEnd: block.end,
    insertedHits: hits.length,
    neutralised: 0,
    seconds: 0,
    cached: false,
  };
}
