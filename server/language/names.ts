import { isFunctionWord, words, type Word } from "./words.ts";

/** A run of words that a text treats as the name of something. */
export interface Name {
  readonly text: string;
  /** Keys of its content words, in order. */
  readonly keys: readonly string[];
  readonly start: number;
  readonly end: number;
  /** How the text marks it. A capital at the start of a sentence is no mark by itself. */
  readonly mark: "capitals" | "quotes" | "code" | "link" | "emphasis";
}

const connectors = new Set([
  "of",
  "the",
  "de",
  "la",
  "le",
  "du",
  "des",
  "del",
  "der",
  "den",
  "von",
  "van",
  "da",
  "di",
  "and",
  "in",
  "on",
  "for",
  "at",
  "to",
  "a",
  "an",
  "y",
  "el",
  "al",
  "bin",
  "ibn",
  "mac",
]);
const marked: readonly { mark: Name["mark"]; pattern: RegExp }[] = [
  {
    mark: "quotes",
    pattern:
      /"{1,3}([^"\n]{2,80}?)"{1,3}|[“„]([^”“\n]{2,80})[”“]|(?<![\p{L}\p{N}])[‘']([\p{Lu}\p{N}][^'‘’\n]{1,60})['’](?![\p{L}\p{N}])/gu,
  },
  { mark: "code", pattern: /(?<!`)`([^`\n]{2,60})`(?!`)/gu },
  { mark: "link", pattern: /\[([^\]\n]{2,80})\]\([^)\s]*\)/gu },
  { mark: "emphasis", pattern: /(?<![*\w])(?:\*\*|__)([^*_\n]{2,60})(?:\*\*|__)(?![*\w])/gu },
];

/**
 * Names in a text, in order: quoted strings, code spans, link texts, strong emphasis, and runs of capitalised words with
 * small words between them (`Leader of the Opposition`). Runs joined by a connector also give their parts, because
 * `Rosencrantz and Guildenstern` may be one name or two.
 */
export function names(text: string): Name[] {
  const found: Name[] = [];
  for (const { mark, pattern } of marked) {
    for (const match of text.matchAll(pattern)) {
      const inner = match.slice(1).find((group) => group !== undefined);
      if (inner === undefined) continue;
      push(found, text, match.index + match[0].indexOf(inner), inner.length, mark);
    }
  }
  for (const run of capitalRuns(text)) {
    const first = run[0];
    const last = run.at(-1);
    if (first && last) push(found, text, first.start, last.end - first.start, "capitals");
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function push(found: Name[], text: string, start: number, length: number, mark: Name["mark"]): void {
  const name = text.slice(start, start + length);
  const keys = words(name)
    .filter((each) => !isFunctionWord(each.text))
    .map((each) => each.key);
  if (
    keys.length > 0 &&
    keys.length <= 8 &&
    !found.some((other) => other.start === start && other.end === start + length)
  ) {
    found.push({ text: name, keys, start, end: start + length, mark });
  }
}

function capitalRuns(text: string): Word[][] {
  const runs: Word[][] = [];
  const all = words(text);
  for (let i = 0; i < all.length; i++) {
    const first = all[i];
    if (!first || !isCapital(first)) continue;
    if (isFunctionWord(first.text) && (sentenceStart(text, first.start) || first.text.length === 1)) continue;
    const run = [first];
    let parts: Word[][] = [];
    let part = [first];
    let j = i + 1;
    for (; j < all.length; j++) {
      const next = all[j];
      const before = run.at(-1);
      if (!next || !before || !joins(text.slice(before.end, next.start))) break;
      if (isCapital(next) || (/^\d/.test(next.text) && run.length > 0)) {
        run.push(next);
        part.push(next);
        continue;
      }
      // Connectors count only when a capital follows after at most two of them.
      const after = connectorRun(text, all, j);
      if (after === undefined) break;
      run.push(...all.slice(j, after + 1));
      parts.push(part);
      const resumed = all[after];
      part = resumed ? [resumed] : [];
      j = after;
    }
    parts = parts.length > 0 ? [...parts, part] : [];
    if (run.length === 1 && sentenceStart(text, first.start) && !innerCapital(first)) {
      // One capital at a sentence's start says nothing.
    } else {
      runs.push(run, ...parts.filter((each) => each.length > 0));
    }
    i = j - 1;
  }
  return runs;
}

function connectorRun(text: string, all: readonly Word[], from: number): number | undefined {
  for (let at = from; at < from + 3; at++) {
    const word = all[at];
    const before = all[at - 1];
    if (!word || !before || !joins(text.slice(before.end, word.start))) return undefined;
    if (isCapital(word)) return at > from ? at : undefined;
    if (!connectors.has(word.text.toLowerCase())) return undefined;
  }
  return undefined;
}

function isCapital(word: Word): boolean {
  return /^\p{Lu}/u.test(word.text);
}

function innerCapital(word: Word): boolean {
  return /\p{Lu}|\d/u.test(word.text.slice(1));
}

function joins(between: string): boolean {
  return /^(?:| |-|–|\. |\.|, (?=$)| & |')$/u.test(between);
}

function sentenceStart(text: string, at: number): boolean {
  return /(?:^|[.!?:;]["'”’)\]]*\s+|\n\s*(?:[-*+>#]+\s*)?|^["“(\s*#>-]+)$/u.test(text.slice(Math.max(0, at - 8), at));
}
