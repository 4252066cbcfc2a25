import type { Hit } from "../../../protocol/passage.ts";
import type { Origin, Search, Segment, SegmentKind } from "../../../protocol/trajectory.ts";
import type { Profile } from "../../rollout/profile.ts";
import { cleanQuery, findQuery } from "../../rollout/query.ts";
import { type Mode, stretchPieces } from "../../rollout/stretch-segments.ts";
import { type ImportedText, startsThinking } from "../import-text.ts";
import { parseDocuments } from "./documents.ts";

/** Text of one writer, as a record gives it. */
export interface Stretch {
  origin: Origin;
  text: string;
  /** What it is, where the record says so; else the tags of the text do. */
  kind?: SegmentKind;
  /** Half-open range in the record's token ids. */
  tokens?: { start: number; end: number };
  /** A query that the record names beside the text; `id` joins it to its result. */
  call?: { id: string | undefined; query: string };
  /** Environment text that answers a call, with the hits that the record lists. */
  result?: { id: string | undefined; hits?: Hit[]; error?: string; seconds?: number };
}

export interface TranscriptRules {
  /** Tags that the policy's text is cut by; absent: every stretch is one segment. */
  profile: Profile | undefined;
  /** The stretches are one text without gaps. Else a line feed parts two that meet without white space. */
  joined: boolean;
  /** Text of token ids; with it the pieces of a stretch get token ranges of their own. */
  decode?: { ids: readonly number[]; text(ids: readonly number[]): string };
}

/** Puts stretches of known origin together: the mask is what the record says, and tags only tell kinds and queries. */
export function transcript(given: readonly Stretch[], rules: TranscriptRules): ImportedText {
  const stretches = rules.joined ? given : parted(given);
  const text = stretches.map((stretch) => stretch.text).join("");
  const segments: Segment[] = [];
  const searches: Search[] = [];
  const pending: { id: string | undefined; query: string; raw: string }[] = [];
  const promptEnd = stretches.slice(0, firstPolicy(stretches)).reduce((sum, stretch) => sum + stretch.text.length, 0);
  let mode: Mode = rules.profile && startsThinking(text, promptEnd, rules.profile) ? "think" : "other";
  let turn = 0;
  let at = 0;
  let spoke = false;
  let answered = false;
  for (const stretch of stretches) {
    const end = at + stretch.text.length;
    if (stretch.origin === "policy" && answered) {
      turn += 1;
      pending.length = 0;
      answered = false;
    }
    if (stretch.origin === "policy") {
      spoke = true;
      mode = pushPolicy(segments, stretch, at, turn, mode, rules);
      if (stretch.call) pending.push({ ...stretch.call, raw: stretch.call.query });
      else {
        const query = rules.profile && closedQuery(stretch.text, rules.profile);
        if (query) pending.push({ id: undefined, ...query });
      }
    } else if (stretch.origin === "environment") {
      const kind =
        stretch.kind ?? (pending.length > 0 || holdsDocuments(stretch.text, rules.profile) ? "documents" : "other");
      pushSegment(segments, { kind, origin: "environment", start: at, end, turn }, stretch.tokens);
      answered ||= spoke;
      if (kind === "documents") {
        const asked = take(pending, stretch.result?.id);
        searches.push(searchOf(stretch, asked, at, turn, rules.profile));
      }
    } else pushPrompt(segments, stretch, at);
    at = end;
  }
  return { text, segments, searches };
}

function firstPolicy(stretches: readonly Stretch[]): number {
  const first = stretches.findIndex(({ origin }) => origin === "policy");
  return first < 0 ? stretches.length : first;
}

/** A line feed where two stretches meet without white space; no policy wrote it, so it goes to the other side where there is one. */
function parted(stretches: readonly Stretch[]): Stretch[] {
  const all = stretches.filter(({ text, tokens }) => text !== "" || tokens).map((stretch) => ({ ...stretch }));
  for (let index = 1; index < all.length; index += 1) {
    const before = all[index - 1]!;
    const after = all[index]!;
    if (before.text === "" || after.text === "" || /\s$/u.test(before.text) || /^\s/u.test(after.text)) continue;
    if (before.origin === "policy") after.text = `\n${after.text}`;
    else before.text = `${before.text}\n`;
  }
  return all;
}

function pushPolicy(
  segments: Segment[],
  stretch: Stretch,
  at: number,
  turn: number,
  mode: Mode,
  { profile, decode }: TranscriptRules,
): Mode {
  const end = at + stretch.text.length;
  if (!profile || stretch.kind || stretch.text === "") {
    pushSegment(segments, { kind: stretch.kind ?? "other", origin: "policy", start: at, end, turn }, stretch.tokens);
    return mode;
  }
  const cut = stretchPieces(stretch.text, profile.tags, mode);
  let tokenAt = stretch.tokens?.start;
  for (const piece of cut.pieces) {
    const last = piece.end === stretch.text.length;
    const tokenEnd =
      tokenAt === undefined
        ? undefined
        : last
          ? stretch.tokens!.end
          : decode && tokensUpTo(decode, stretch.tokens!, tokenAt, piece.end);
    const tokens = tokenAt === undefined || tokenEnd === undefined ? undefined : { start: tokenAt, end: tokenEnd };
    pushSegment(
      segments,
      { kind: piece.kind, origin: "policy", start: at + piece.start, end: at + piece.end, turn },
      tokens,
    );
    tokenAt = tokenEnd;
  }
  return cut.mode;
}

/** Messages before the first of the policy are one prompt, as a rollout has it. */
function pushPrompt(segments: Segment[], { text, tokens }: Stretch, at: number): void {
  const last = segments.at(-1);
  if (last?.origin === "prompt" && !tokens && last.tokenEnd === undefined) last.end = at + text.length;
  else pushSegment(segments, { kind: "prompt", origin: "prompt", start: at, end: at + text.length, turn: 0 }, tokens);
}

function pushSegment(segments: Segment[], segment: Segment, tokens: { start: number; end: number } | undefined): void {
  if (segment.start === segment.end && (!tokens || tokens.start === tokens.end)) return;
  segments.push(tokens ? { ...segment, tokenStart: tokens.start, tokenEnd: tokens.end } : segment);
}

/** The fewest tokens of a stretch whose text reaches `length` UTF-16 units; a token over the cut belongs before it. */
function tokensUpTo(
  { ids, text }: NonNullable<TranscriptRules["decode"]>,
  range: { start: number; end: number },
  from: number,
  length: number,
): number {
  let low = from;
  let high = range.end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (text(ids.slice(range.start, middle)).length >= length) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The query of policy text that stopped at the query's closing tag. */
export function closedQuery(text: string, profile: Profile): { query: string; raw: string } | undefined {
  const { queryClose } = profile.tags;
  const written = text.trimEnd();
  if (queryClose === "" || !written.endsWith(queryClose)) return undefined;
  const raw = findQuery(written.slice(0, -queryClose.length), profile);
  return raw === undefined ? undefined : { query: cleanQuery(raw, profile.query), raw };
}

function holdsDocuments(text: string, profile: Profile | undefined): boolean {
  return profile !== undefined && profile.tags.documentsOpen !== "" && text.includes(profile.tags.documentsOpen);
}

function take<T extends { id: string | undefined }>(pending: T[], id: string | undefined): T | undefined {
  const named = id === undefined ? -1 : pending.findIndex((call) => call.id === id);
  return pending.splice(Math.max(named, 0), 1)[0];
}

function searchOf(
  { text, result }: Stretch,
  asked: { query: string; raw: string } | undefined,
  at: number,
  turn: number,
  profile: Profile | undefined,
): Search {
  const hits = result?.hits ?? parseDocuments(innerText(text, profile));
  return {
    turn,
    query: asked?.query ?? "",
    rawQuery: asked?.raw ?? "",
    hits,
    insertedStart: at,
    insertedEnd: at + text.length,
    insertedHits: hits.length,
    neutralised: 0,
    seconds: result?.seconds ?? 0,
    cached: false,
    ...(result?.error === undefined ? {} : { error: result.error }),
  };
}

/** What stands between the documents' tags; the whole text where there are none. */
function innerText(text: string, profile: Profile | undefined): string {
  if (!holdsDocuments(text, profile)) return text;
  const { documentsOpen, documentsClose } = profile!.tags;
  const from = text.indexOf(documentsOpen) + documentsOpen.length;
  const to = text.lastIndexOf(documentsClose);
  return text.slice(from, to < from ? text.length : to);
}
