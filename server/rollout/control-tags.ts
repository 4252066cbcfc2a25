import { plainPieces } from "../models/plain-pieces.ts";

/*
 * Control tags inside inserted text. A document is hostile: a tag in it could close the block it stands in, open a query or
 * forge an answer. Each tag gets look-alike brackets, which no profile and no tokenizer takes for a tag; a reader still sees
 * what the document says, and the change can be undone exactly.
 */
const names = "think|answer|search|information|documents?|query|tool_call|tool_response|result";
/** What chat templates mark turns with. A server that reads a whole text would take them for the marks themselves. */
const chatNames = "s|bos|eos|unk|pad|sys|sop|start_of_turn|end_of_turn|start_of_image|seed:[a-z_]{1,40}";
/** The same in square brackets, as Mistral's and GLM's tokenizers know them, in this very spelling: text in brackets is common otherwise. */
const squareNames =
  "\\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|THINK)|TOOL_CALLS|TOOL_CONTENT|CALL_ID|gMASK|sMASK";
const kinds = [
  tagKind(
    "<",
    ">",
    "‹",
    "›",
    `\\|[A-Za-z_][A-Za-z0-9_]{0,62}\\||｜[^<>‹›｜\\n]{1,62}｜|\\/?(?:${names}|${chatNames})`,
    "giu",
  ),
  tagKind("\\[", "\\]", "⁅", "⁆", squareNames, "gu"),
];

interface TagKind {
  /** Brackets of the tag, and those that it gets. */
  brackets: { open: string; close: string; safeOpen: string; safeClose: string };
  live: RegExp;
  marked: RegExp;
}

/** Tags of one kind of brackets; `open`, `close` and `tag` are patterns. A run of brackets is tried at its beginning alone, so that a long one takes no long time. */
function tagKind(
  open: string,
  close: string,
  safeOpen: string,
  safeClose: string,
  tag: string,
  flags: string,
): TagKind {
  const [outside, opened, closed] = [`(?<!${safeOpen})`, `(${safeOpen}+)`, `(${safeClose}+)`];
  return {
    brackets: { open: open.at(-1)!, close: close.at(-1)!, safeOpen, safeClose },
    live: new RegExp(
      `${outside}(?:(${safeOpen}*)${open}(${tag})${close}(${safeClose}*)|${opened}(${tag})${closed})`,
      flags,
    ),
    marked: new RegExp(`${outside}${opened}(${tag})${closed}`, flags),
  };
}

/**
 * Turns `<tag>` into `‹tag›` and `[TAG]` into `⁅TAG⁆`. Brackets of that kind that stand around a tag in the document are doubled, so
 * that an odd number of them says "this was a live tag" and the change is reversible.
 */
export function neutralise(text: string): { text: string; count: number } {
  let count = 0;
  let safe = text;
  for (const { live, brackets } of kinds) {
    safe = safe.replace(live, (...match: string[]) => {
      const [, outerOpen = "", tag, outerClose = "", open = "", name, close = ""] = match;
      if (tag === undefined) return open + open + name + close + close;
      count += 1;
      return `${outerOpen}${outerOpen}${brackets.safeOpen}${tag}${brackets.safeClose}${outerClose}${outerClose}`;
    });
  }
  return { text: safe, count };
}

/** Undoes `neutralise`. */
export function restore(text: string): string {
  let restored = text;
  for (const { marked, brackets } of kinds.toReversed()) {
    restored = restored.replace(marked, (_, open: string, name: string, close: string) => {
      const opens = brackets.safeOpen.repeat(open.length >> 1);
      const closes = brackets.safeClose.repeat(close.length >> 1);
      return open.length % 2 === 1
        ? `${opens}${brackets.open}${name}${brackets.close}${closes}`
        : `${opens}${name}${closes}`;
    });
  }
  return restored;
}

/** A mark without width that joins words; it stands inside a broken tag. */
const joiner = "\u2060";

/**
 * Tags of a project's own profile can have any form, so they are broken instead: a word joiner after the first character. Joiners
 * that the document has are doubled, so that an odd one says "this was a tag" and the change is reversible. Tags that
 * `neutralise` knows are left to it.
 */
export function breakTags(text: string, tags: readonly string[]): { text: string; count: number } {
  const own = ownTags(tags);
  if (own.length === 0) return { text, count: 0 };
  const pieces = plainPieces(text.replaceAll(joiner, joiner + joiner), own);
  return { text: pieces.join(joiner), count: Math.max(0, pieces.length - 1) };
}

/** Undoes `breakTags`. */
export function mendTags(text: string, tags: readonly string[]): string {
  return ownTags(tags).length === 0 ? text : text.replace(/\u2060+/gu, (run) => joiner.repeat(run.length >> 1));
}

function ownTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].filter((each) => each.length > 1 && neutralise(each).count === 0);
}
