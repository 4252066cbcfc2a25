/** One sentence, list item, heading, table row or code block of a text. The range is UTF-16 code units. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly kind: "sentence" | "item" | "heading" | "row" | "code";
}

/**
 * Splits plain text or Markdown into sentences. Every sentence is an exact slice of the text, so that it can be looked up in
 * the file it came from: a sentence may hold line breaks where the paragraph does, and markup such as `**` stays in it.
 * Markers in front (`-`, `1.`, `#`, `>`) are left out; rules, table separators and front matter fences give nothing.
 */
export function splitSentences(text: string): Sentence[] {
  return blocks(text).flatMap((block) => {
    if (block.kind === "sentence" || block.kind === "item") return prose(text, block);
    return slice(text, block.start, block.end, block.kind);
  });
}

type Block = Pick<Sentence, "start" | "end" | "kind">;

function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open: { start: number; end: number; kind: "sentence" | "item" } | undefined;
  let fence: { start: number; end: number; mark: string } | undefined;
  const close = () => {
    if (open) found.push(open);
    open = undefined;
  };
  for (const line of lines(text)) {
    const body = line.text.trimStart();
    const start = line.start + line.text.length - body.length;
    if (fence) {
      if (body.startsWith(fence.mark) && /^[`~]+\s*$/.test(body)) {
        found.push({ start: fence.start, end: fence.end, kind: "code" });
        fence = undefined;
      } else {
        if (fence.start < 0) fence.start = line.start;
        fence.end = line.end;
      }
      continue;
    }
    const fenceMark = /^(`{3,}|~{3,})/.exec(body)?.[1];
    if (fenceMark) {
      close();
      fence = { start: -1, end: -1, mark: fenceMark };
      continue;
    }
    const heading = /^#{1,6}\s+/.exec(body);
    const item = /^(?:[-*+]|\d{1,4}[.)])\s+(?:\[[ xX]\]\s+)?/.exec(body);
    const quote = /^(?:>\s?)+/.exec(body);
    if (body === "" || /^([-*_=])(?:\s*\1){2,}\s*$/.test(body) || /^\|?[\s:|-]*-{2,}[\s:|-]*$/.test(body)) {
      close();
    } else if (heading) {
      close();
      found.push({ start: start + heading[0].length, end: line.end, kind: "heading" });
    } else if (/^\|.*\|\s*$/.test(body)) {
      close();
      found.push({ start, end: line.end, kind: "row" });
    } else if (item) {
      close();
      open = { start: start + item[0].length, end: line.end, kind: "item" };
    } else if (quote && open?.kind !== "sentence") {
      close();
      open = { start: start + quote[0].length, end: line.end, kind: "sentence" };
    } else if (open) {
      open.end = line.end;
    } else {
      open = { start, end: line.end, kind: "sentence" };
    }
  }
  close();
  // A passage may be cut inside a code block: what there is of it still counts.
  if (fence && fence.start >= 0) found.push({ start: fence.start, end: fence.end, kind: "code" });
  return found;
}

function* lines(text: string): Generator<{ text: string; start: number; end: number }> {
  for (const match of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    const line = match[0].replace(/[\r\n]+$/, "");
    if (match[0] !== "") yield { text: line, start: match.index, end: match.index + line.length };
  }
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
// Words after which a full stop seldom ends a sentence; initials (`J.`) and dotted letters (`U.S.`) are told by shape.
const abbreviation =
  /(?:^|[\s("'“[])(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|No|no|Nos|Vol|vol|pp|Fig|fig|Eq|eq|vs|cf|ca|approx|Inc|Ltd|Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|e\.g|i\.e|al|\p{Lu}|(?:\p{L}\.)+\p{L})\.\s*$/u;

function prose(text: string, block: Block): Sentence[] {
  const found: Sentence[] = [];
  let start = block.start;
  const body = text.slice(block.start, block.end);
  const parts = [...segmenter.segment(body)];
  parts.forEach((part, index) => {
    let end = block.start + part.index + part.segment.length;
    // Markup closed after the full stop (`**Done.** Next`) belongs to the sentence before it.
    end += /^[*_`~)\]"'”’]+(?=\s|$)/.exec(text.slice(end, block.end))?.[0].length ?? 0;
    if (end <= start) return;
    const next = parts[index + 1]?.segment;
    const joined = text.slice(start, end);
    // A soft line break is a full stop to the segmenter only by accident; an opening parenthesis still waits for its end.
    const unfinished =
      next !== undefined && (abbreviation.test(joined) || !/[.!?。！？…]["'”’)\]*_`]*\s*$/u.test(joined));
    if (unfinished && end - start < 600) return;
    found.push(...slice(text, start, end, block.kind));
    start = end;
  });
  if (start < block.end) found.push(...slice(text, start, block.end, block.kind));
  return found;
}

function slice(text: string, from: number, to: number, kind: Sentence["kind"]): Sentence[] {
  const raw = text.slice(from, to);
  const start = from + raw.length - raw.trimStart().length;
  const end = from + raw.trimEnd().length;
  return end > start && /[\p{L}\p{N}]/u.test(text.slice(start, end))
    ? [{ text: text.slice(start, end), start, end, kind }]
    : [];
}
