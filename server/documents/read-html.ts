import { Parser } from "htmlparser2";
import type { ReadDocument, Unit } from "./document.ts";
import { HeadingPath } from "./heading-path.ts";

/** Elements whose text is not the page's own: code, menus, what a browser does not show. */
const silent = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "nav",
  "iframe",
  "object",
  "select",
  "button",
  "head",
]);
/** Elements that flow inside a line; every other one ends the block in progress. */
const inline = new Set(
  "a abbr b bdi bdo big cite code data del dfn em font i img ins kbd label mark q s samp small span strong sub sup time tt u var wbr".split(
    " ",
  ),
);
/** Elements that end a block even inside a cell: a table in a table. */
const tableParts = new Set(["table", "thead", "tbody", "tfoot", "tr", "caption"]);
/** Elements whose blocks stand below each other without empty lines. */
const groups = new Set(["table", "ul", "ol", "dl"]);

/** UTF-16 units at which a block is long enough to be a passage; fewer for scripts of which a character is a token. */
const longBlock = 700;
const longEasternBlock = 150;

/**
 * Where to end a block that already has `before` units and goes on at `at`: the last sentence end, or line end where lines are kept, that
 * keeps it short; 0 for nowhere.
 */
function sentenceEnd(text: string, at: number, before: number, keepsLines: boolean): number {
  const eastern = /[\u3040-\u9fff\uac00-\ud7af]/u.test(text.slice(at, at + longBlock));
  const room = Math.max((eastern ? longEasternBlock : longBlock) - before, 0);
  if (text.length - at <= room) return 0;
  const window = text.slice(at, at + room);
  const ends = [...window.matchAll(keepsLines ? /\n/gu : /[.!?]["'”’)\]]*\s|[。！？]/gu)];
  const last = ends.at(-1);
  if (last) return at + last.index + last[0].length;
  // A sentence that is longer ends where it ends.
  const next = /[.!?]["'”’)\]]*\s|[。！？]/gu;
  next.lastIndex = at + room;
  return next.test(text) ? next.lastIndex : 0;
}

/**
 * HTML as blocks of visible text, each with the exact source range it came from. A streaming parser is used because it
 * tells positions and has no recursion for a deeply nested file to exhaust.
 */
export function readHtml(source: string, fallbackTitle: string): ReadDocument {
  const path = new HeadingPath();
  const units: Unit[] = [];
  let title = "";
  let inTitle = false;
  let silence = 0;
  let preformatted = 0;
  let heading = 0;
  let cells = 0;
  /** The row in progress, the table it is in and those around that. */
  let row = { heads: 0, cells: 0 };
  let table: { columns?: string } | undefined;
  const outer: (typeof table)[] = [];
  /** Lists and tables that are open, and whether the outermost of them has said something. */
  let grouped = 0;
  let begun = false;
  /** The block in progress goes on with the sentence before it. */
  let continued = false;
  let block = { text: "", start: -1, end: -1 };

  const flush = (): void => {
    const text =
      preformatted > 0 ? block.text.replace(/^\n+|\s+$/g, "") : block.text.replace(/[ \t\n\f]+/g, " ").trim();
    if (text !== "" && block.start >= 0) {
      if (heading > 0) path.enter(heading, text.replace(/\s+/g, " "));
      const tight = continued || (grouped > 0 && begun && heading === 0);
      units.push({
        start: block.start,
        end: block.end,
        text,
        headings: path.now(),
        isHeading: heading > 0,
        ...(tight ? { tight } : {}),
        ...(table?.columns !== undefined && row.cells > 0 ? { columns: table.columns } : {}),
      });
      // The first row of nothing but header cells names the columns of those below it.
      if (table && row.heads > 0 && row.heads === row.cells) table.columns ??= text;
      begun = grouped > 0;
    }
    block = { text: "", start: -1, end: -1 };
    continued = false;
    row = { heads: 0, cells: 0 };
  };
  const add = (text: string, start: number, end: number): void => {
    const blank = text.trim() === "";
    if (block.start < 0 && blank) return;
    if (block.start < 0) block.start = start;
    block.text += text;
    if (!blank) block.end = end;
  };

  const parser = new Parser(
    {
      onopentag(name) {
        if (name === "title") inTitle = true;
        if (silent.has(name)) silence++;
        if (name === "br") block.text += preformatted > 0 ? "\n" : " ";
        else if (!inline.has(name)) {
          // A table's row is one block; its cells are set apart by a bar, and blocks inside a cell by a space.
          if (name === "td" || name === "th") block.text += block.text.trim() === "" ? "" : " | ";
          else if (cells > 0 && !tableParts.has(name)) block.text += " ";
          else flush();
        }
        if (name === "td" || name === "th") {
          cells++;
          row.cells++;
          if (name === "th") row.heads++;
        }
        if (name === "table") {
          outer.push(table);
          table = {};
        }
        if (groups.has(name) && grouped++ === 0) begun = false;
        if (name === "pre") preformatted++;
        if (/^h[1-6]$/.test(name)) heading = Number(name[1]);
      },
      ontext(text) {
        if (inTitle) title += text;
        if (silence > 0 || inTitle) return;
        const [from, to] = [parser.startIndex, parser.endIndex + 1];
        let at = 0;
        // A long paragraph becomes pieces that each have a place; inside a decoded entity there are no offsets.
        if (text.length === to - from && heading === 0 && cells === 0) {
          for (
            let cut = sentenceEnd(text, 0, block.text.length, preformatted > 0);
            cut > at;
            cut = sentenceEnd(text, at, 0, preformatted > 0)
          ) {
            add(text.slice(at, cut), from + at, from + cut);
            flush();
            continued = true;
            at = cut;
          }
        }
        add(text.slice(at), from + at, to);
      },
      onclosetag(name) {
        if (name === "title") inTitle = false;
        if (name === "td" || name === "th") cells = Math.max(0, cells - 1);
        else if (!inline.has(name) && name !== "br" && (cells === 0 || tableParts.has(name))) flush();
        if (groups.has(name)) grouped = Math.max(0, grouped - 1);
        if (name === "table") table = outer.pop();
        if (silent.has(name)) silence = Math.max(0, silence - 1);
        if (name === "pre") preformatted = Math.max(0, preformatted - 1);
        if (/^h[1-6]$/.test(name)) heading = 0;
      },
    },
    { decodeEntities: true },
  );
  parser.write(source);
  parser.end();
  flush();
  const first = units.find((unit) => unit.isHeading)?.text;
  return { title: title.replace(/\s+/g, " ").trim() || first || fallbackTitle, parts: [{ source, units }] };
}
