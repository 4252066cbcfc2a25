import { z } from "zod";
import type { Part, ReadDocument, ReadResult, Unit } from "./document.ts";
import { HeadingPath } from "./heading-path.ts";
import { packageData } from "./package-data.ts";
import { type Outline, bodySize, headingKey, headingLevels } from "./pdf/headings.ts";
import { joinDivided, vocabularyOf } from "./pdf/hyphens.ts";
import { type Line, type Page, type TextItem, pageLines } from "./pdf/page-lines.ts";
import { pageParagraphs } from "./pdf/paragraphs.ts";
import { runningHeads } from "./pdf/running-heads.ts";

const OutlineItem = z.object({ title: z.string(), items: z.array(z.unknown()).default([]) });
const Info = z.object({ Title: z.string().optional() });
const deepestOutline = 6;
const longestOutline = 5_000;

interface PdfText {
  pages: Page[];
  outline: Outline;
  title: string | undefined;
}

/**
 * A PDF as one part for each page. A page's source is its lines as they are set, with an empty line between paragraphs; places
 * count these lines. Running heads and page numbers are in the source but in no unit. Nothing a PDF can do besides holding text
 * (scripts, forms, attachments, links) is looked at.
 */
export async function readPdf(bytes: Uint8Array, fallbackTitle: string): Promise<ReadResult> {
  let text: PdfText;
  try {
    text = await textOfPdf(bytes);
  } catch (error) {
    return { ok: false, reason: refusal(error) };
  }
  const letters = text.pages
    .flatMap(({ lines }) => lines)
    .map((line) => line.text)
    .join("");
  if (!/[\p{L}\p{N}]/u.test(letters)) return { ok: false, reason: scanned(text.pages.length) };
  const strange = letters.match(/[\ufffd\p{Co}\p{Cc}]/gu)?.length ?? 0;
  if (strange > letters.length * 0.3)
    return {
      ok: false,
      reason: "its fonts do not say which letters they show; recognise the text (OCR) and save it again",
    };

  const empty = text.pages.filter(({ lines }) => lines.length === 0).length;
  return {
    ok: true,
    document: documentOf(text, fallbackTitle),
    // One blank page is the back of a title page; many are pictures of pages.
    ...(empty > 1 && empty >= text.pages.length * 0.1
      ? { note: `${empty} of ${text.pages.length} pages hold no text (scanned or blank) and are not searched` }
      : {}),
  };
}

function documentOf({ pages, outline, title }: PdfText, fallbackTitle: string): ReadDocument {
  const lines = pages.flatMap((page) => page.lines);
  const vocabulary = vocabularyOf(lines.map((line) => line.text));
  const body = bodySize(lines);
  const heads = runningHeads(pages, body);
  const set = pages.map((page, index) => {
    const ranges = pageParagraphs(page.lines).flatMap((range) => withoutHeads(range, heads[index]!));
    return ranges.map(({ from, to, head }) => ({ lines: page.lines.slice(from, to), head }));
  });
  const levelOf = headingLevels(
    set
      .flat()
      .filter(({ head }) => !head)
      .map(({ lines }) => lines),
    outline,
    body,
  );
  const path = new HeadingPath();
  const parts = set.flatMap((paragraphs, index): Part[] => {
    const units: Unit[] = [];
    let source = "";
    for (const { lines, head } of paragraphs) {
      if (source !== "") source += "\n\n";
      const start = source.length;
      source += joinDivided(
        lines.map((line) => line.text),
        vocabulary,
      ).join("\n");
      if (head) continue;
      const level = levelOf(lines);
      if (level > 0) path.enter(level, source.slice(start).replaceAll("\n", " "));
      units.push({ start, end: source.length, headings: path.now(), isHeading: level > 0 });
    }
    return units.length > 0 ? [{ source, units, page: index + 1 }] : [];
  });
  return { title: title ?? coverTitle(set[0]?.map(({ lines }) => lines) ?? [], body) ?? fallbackTitle, parts };
}

/** What is set largest on the first page, where it is larger than the text. */
function coverTitle(paragraphs: readonly (readonly Line[])[], body: number): string | undefined {
  const short = paragraphs.filter((lines) => lines.length <= 3 && lines[0]!.size > body * 1.3);
  const largest = Math.max(...short.map((lines) => lines[0]!.size));
  const title = short.find((lines) => lines[0]!.size === largest);
  return title
    ?.map(({ text }) => text)
    .join(" ")
    .slice(0, 200);
}

/** A paragraph cut where it holds running heads, which become paragraphs of their own. */
function withoutHeads(
  { from, to }: { from: number; to: number },
  heads: ReadonlySet<number>,
): { from: number; to: number; head: boolean }[] {
  const pieces: { from: number; to: number; head: boolean }[] = [];
  for (let at = from; at < to; at++) {
    const head = heads.has(at);
    const last = pieces.at(-1);
    if (last && last.head === head) last.to = at + 1;
    else pieces.push({ from: at, to: at + 1, head });
  }
  return pieces;
}

async function textOfPdf(bytes: Uint8Array): Promise<PdfText> {
  const { getDocument } = await import("unpdf/pdfjs");
  const task = getDocument({
    // pdf.js takes the buffer over.
    data: Uint8Array.from(bytes),
    verbosity: 0,
    disableFontFace: true,
    useSystemFonts: false,
    // What characters the codes of Chinese, Japanese and Korean fonts without a table of their own stand for.
    cMapUrl: `${packageData("cmaps", "pdfjs-dist/package.json", "cmaps")}/`,
    cMapPacked: true,
  });
  try {
    const pdf = await task.promise;
    const pages: Page[] = [];
    for (let number = 1; number <= pdf.numPages; number++) {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      const [, bottom = 0, , top = 0] = page.view;
      pages.push({
        lines: pageLines(items.filter((item): item is TextItem & typeof item => "str" in item)),
        bottom,
        top,
      });
      page.cleanup();
    }
    const info = Info.safeParse((await pdf.getMetadata().catch(() => undefined))?.info).data;
    const title = info?.Title?.replace(/\s+/gu, " ")
      .replace(/^Microsoft \w+ - /u, "")
      .trim();
    return { pages, outline: await outlineOf(() => pdf.getOutline()), title: isTitle(title) ? title : undefined };
  } finally {
    await task.destroy();
  }
}

/** Word processors put the name of a file, or nothing that says anything, into a PDF's title. */
function isTitle(title: string | undefined): title is string {
  return (
    title !== undefined &&
    /\p{L}{2}/u.test(title) &&
    !/\.(?:docx?|odt|tex|indd|pptx?|xlsx?|dvi)$|[\\]|^untitled/iu.test(title)
  );
}

async function outlineOf(read: () => Promise<unknown>): Promise<Outline> {
  const outline = new Map<string, number>();
  const add = (items: readonly unknown[], level: number): void => {
    for (const item of items) {
      const parsed = OutlineItem.safeParse(item);
      if (!parsed.success || outline.size >= longestOutline) return;
      const key = headingKey(parsed.data.title);
      if (key !== "" && !outline.has(key)) outline.set(key, level);
      if (level < deepestOutline) add(parsed.data.items, level + 1);
    }
  };
  const items = await read().catch(() => undefined);
  if (Array.isArray(items)) add(items, 1);
  return outline;
}

function refusal(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "PasswordException") return "encrypted: it opens only with a password; save a copy without one";
  if (name === "InvalidPDFException") return "damaged, or no PDF";
  return `not a PDF that can be read (${message.split("\n")[0]})`;
}

function scanned(pages: number): string {
  return pages === 1
    ? "scanned: its page holds no text; recognise the text (OCR) and save it again"
    : `scanned: none of its ${pages} pages holds text; recognise the text (OCR) and save it again`;
}
