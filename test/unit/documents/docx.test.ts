import {
  Document,
  FootnoteReferenceRun,
  HeadingLevel,
  Packer,
  Paragraph,
  Table,
  TableCell,
  TableRow,
  TextRun,
} from "docx";
import { describe, expect, test } from "vitest";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { textAt } from "../../../server/documents/read-place.ts";
import { checkZip } from "../../../server/documents/zip-check.ts";
import { zipOf } from "../../fixtures/book-files.ts";

const dome = "The dome opens at dusk when the wind is low enough for its shutters to move.";

/** A letter written by a library that is not ours: title, headings, a list, a table and a footnote. */
function letter(): Promise<Buffer> {
  const cell = (text: string): TableCell => new TableCell({ children: [new Paragraph(text)] });
  return Packer.toBuffer(
    new Document({
      footnotes: { 1: { children: [new Paragraph("Since the storm of 1987.")] } },
      sections: [
        {
          children: [
            new Paragraph({ text: "Care of the Domes", heading: HeadingLevel.TITLE }),
            new Paragraph({ text: "Opening", heading: HeadingLevel.HEADING_1 }),
            new Paragraph({ children: [new TextRun(dome), new FootnoteReferenceRun(1)] }),
            new Paragraph({ text: "Locks", heading: HeadingLevel.HEADING_2 }),
            new Paragraph({ text: "Oil the lock in May.", bullet: { level: 0 } }),
            new Paragraph({ text: "Test the lock in June.", bullet: { level: 0 } }),
            new Table({
              rows: [
                new TableRow({ children: [cell("Gate"), cell("Keeper")] }),
                new TableRow({ children: [cell("North"), cell("Ada Quill")] }),
              ],
            }),
          ],
        },
      ],
    }),
  );
}

async function read(bytes: Buffer) {
  const result = await readDocument("letter.docx", bytes);
  if (!result.ok) throw new Error(result.reason);
  const { document } = result;
  return { document, passages: passagesOf(document, { folder: "f", path: "letter.docx", contentHash: "h" }) };
}

/** A Word document made by hand around one part. */
function minimal(document: string, parts: Record<string, string | Buffer> = {}): Promise<Buffer> {
  return zipOf({
    "[Content_Types].xml":
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels":
      '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/document.xml": document,
    ...parts,
  });
}
const body = (inner: string): string =>
  `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${inner}</w:body></w:document>`;

describe("a Word document", () => {
  test("is read as lines: title, headings, lists and tables in their order", async () => {
    const { document, passages } = await read(await letter());
    expect(document.title).toBe("Care of the Domes");
    expect(document.parts[0]!.source).toContain("Oil the lock in May.\nTest the lock in June.");
    expect(document.parts[0]!.source).toContain("Gate | Keeper\nNorth | Ada Quill");
    expect(document.parts[0]!.source).toContain("Since the storm of 1987.");
    const keeper = document.parts[0]!.units.find(({ start, end }) =>
      document.parts[0]!.source.slice(start, end).includes("Ada Quill"),
    );
    expect(keeper!.headings).toEqual(["Opening", "Locks"]);
    for (const { text, place } of passages) expect(textAt(document.parts[0]!, place!)).toBe(text);
  });

  /** A table of sixty rows below its first; `first` makes the paragraph of one of the cells of that. */
  async function tableOf(first: (text: string) => Paragraph, others: { bold: boolean } = { bold: false }) {
    const cell = (paragraph: Paragraph): TableCell => new TableCell({ children: [paragraph] });
    const run = (text: string): Paragraph => new Paragraph({ children: [new TextRun({ text, bold: others.bold })] });
    const rows = Array.from(
      { length: 60 },
      (_, at) =>
        new TableRow({
          children: [`gate-${at}`, `keeper ${at}`, `oiled by night crew ${at}`].map((text) => cell(run(text))),
        }),
    );
    const head = new TableRow({ children: ["Gate", "Keeper", "Care"].map((text) => cell(first(text))) });
    const table = new Table({ rows: [head, ...rows] });
    const { document, passages } = await read(
      await Packer.toBuffer(new Document({ sections: [{ children: [table] }] })),
    );
    for (const { text, place } of passages) expect(textAt(document.parts[0]!, place!)).toBe(text);
    const [, ...later] = passages;
    expect(later.length).toBeGreaterThan(1);
    return later.map(({ title }) => title);
  }
  const bold = (text: string): Paragraph => new Paragraph({ children: [new TextRun({ text, bold: true })] });

  test("names the columns of a long table whose first row is bold, and no other", async () => {
    for (const title of await tableOf(bold)) expect(title).toMatch(/ › Gate \| Keeper \| Care$/u);
    for (const title of await tableOf((text) => new Paragraph(text))) expect(title).not.toContain("|");
    for (const title of await tableOf(bold, { bold: true })) expect(title).not.toContain("|");
  });

  test.each([
    ["Grid Table 4", "Gate | Keeper"],
    ["Table Grid", undefined],
  ])("a table in the design %s names its columns by %s", async (name, columns) => {
    const row = (...cells: string[]): string =>
      `<w:tr>${cells.map((text) => `<w:tc><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:tc>`).join("")}</w:tr>`;
    const rows = Array.from({ length: 200 }, (_, at) => row(`gate-${at}`, `keeper ${at} of the night crew`));
    const table = `<w:tbl><w:tblPr><w:tblStyle w:val="chosen"/></w:tblPr>${row("Gate", "Keeper")}${rows.join("")}</w:tbl>`;
    const { passages } = await read(
      await minimal(body(table), {
        "word/styles.xml": `<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="table" w:styleId="chosen"><w:name w:val="${name}"/></w:style></w:styles>`,
      }),
    );
    const [, ...later] = passages;
    expect(later.length).toBeGreaterThan(1);
    for (const { title } of later)
      expect(title).toBe(columns === undefined ? "letter.docx" : `letter.docx › ${columns}`);
  });

  test("leaves out what was deleted in it, and keeps what was put in", async () => {
    const bytes = await minimal(
      body(
        '<w:p><w:r><w:t>The gate is </w:t></w:r><w:del w:id="1"><w:r><w:delText>green</w:delText></w:r></w:del><w:ins w:id="2"><w:r><w:t>white</w:t></w:r></w:ins></w:p>',
      ),
    );
    const { document } = await read(bytes);
    expect(document.parts[0]!.source).toBe("The gate is white");
  });

  test("that unpacks to gigabytes is refused before it does", async () => {
    const bomb = await minimal(body(`<w:p><w:r><w:t>${" ".repeat(80 * 2 ** 20)}</w:t></w:r></w:p>`));
    expect(bomb.length).toBeLessThan(200_000);
    const before = process.memoryUsage().rss;
    const result = await readDocument("a.docx", bomb);
    expect(result).toEqual({ ok: false, reason: "it would unpack to more than 64 MiB" });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  test("that declares less than it unpacks to is refused where the declared size ends", async () => {
    const bytes = await minimal(body(`<w:p><w:r><w:t>${"a".repeat(300_000)}</w:t></w:r></w:p>`));
    const name = Buffer.from("word/document.xml");
    for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) {
      // Uncompressed size in the central directory: 46 bytes of header before the name, the size at 24.
      if (bytes.readUInt32LE(at - 46) === 0x02014b50) bytes.writeUInt32LE(50, at - 46 + 24);
    }
    const result = await readDocument("a.docx", bytes);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.reason).toMatch(/^damaged archive/);
  });

  test.each([
    [
      "in an encrypted container",
      () => Buffer.from("d0cf11e0a1b11ae1", "hex"),
      "encrypted, or in Word's format before 2007",
    ],
    ["that is no archive", () => Buffer.from("PK but not really"), "damaged, or no ZIP archive"],
    ["without a document in it", () => zipOf({ "a.xml": "<a/>" }), "not a Word document"],
    ["of pictures alone", () => minimal(body("<w:p/>")), "it holds no text"],
    ["with broken XML", () => minimal("<w:document"), "not a Word document that can be read"],
  ])("%s is refused with its reason", async (_, make, reason) => {
    const result = await readDocument("a.docx", await make());
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.reason).toContain(reason);
  });
});

describe("checking an archive", () => {
  test("counts only the parts that are asked for", async () => {
    const zip = await zipOf({ "a.xml": "x".repeat(900), "picture.png": Buffer.alloc(5_000) });
    expect(await checkZip(zip, { part: /\.xml$/, bytes: 1_000 })).toEqual({
      ok: true,
      names: ["a.xml", "picture.png"],
    });
    expect((await checkZip(zip, { part: /\.xml$/, bytes: 800 })).ok).toBe(false);
  });
});
