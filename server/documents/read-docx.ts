import mammoth from "mammoth";
import type { ReadResult, Unit } from "./document.ts";
import { markHeaders } from "./docx-tables.ts";
import { readHtml } from "./read-html.ts";
import { checkZip } from "./zip-check.ts";

/** UTF-8 bytes of XML that a document may unpack to: a book of a thousand pages has about ten million. */
const longestXml = 64 * 2 ** 20;

/**
 * A Word document as lines of text: one for each paragraph, list item and table row, with an empty line between blocks. Places
 * count these lines. Pictures are never unpacked, and nothing outside the file is followed.
 */
export async function readDocx(bytes: Buffer, fallbackTitle: string): Promise<ReadResult> {
  // The container of Word's own encryption, and of the format before DOCX.
  if (bytes.subarray(0, 4).equals(Buffer.from([0xd0, 0xcf, 0x11, 0xe0])))
    return { ok: false, reason: "encrypted, or in Word's format before 2007; save it as .docx without a password" };
  const zip = await checkZip(bytes, { part: /\.(?:xml|rels)$/iu, bytes: longestXml });
  if (!zip.ok) return zip;
  if (!zip.names.some((name) => name.endsWith(".xml"))) return { ok: false, reason: "no Word document" };
  let html: string;
  try {
    const converted = await mammoth.convertToHtml(
      { buffer: bytes },
      {
        styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
        includeEmbeddedStyleMap: false,
        externalFileAccess: false,
        transformDocument: markHeaders,
        convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: "" })),
      },
    );
    html = converted.value;
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { ok: false, reason: `not a Word document that can be read (${first})` };
  }
  const { title, parts } = readHtml(html, fallbackTitle);
  const { source, units } = linesOf(parts.flatMap((part) => part.units));
  if (units.length === 0) return { ok: false, reason: "it holds no text" };
  return { ok: true, document: { title, parts: [{ source, units }] } };
}

/** Blocks of text set below each other, each with its range in the whole. */
function linesOf(blocks: readonly Unit[]): { source: string; units: Unit[] } {
  const units: Unit[] = [];
  let source = "";
  for (const { text = "", headings, isHeading, tight, columns } of blocks) {
    if (source !== "") source += tight ? "\n" : "\n\n";
    const start = source.length;
    source += text;
    const block = { start, end: source.length, headings, isHeading };
    units.push({ ...block, ...(columns === undefined ? {} : { columns }) });
  }
  return { source, units };
}
