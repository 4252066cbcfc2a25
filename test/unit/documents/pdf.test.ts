import { describe, expect, test } from "vitest";
import { partAt } from "../../../server/documents/document.ts";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { findInPart, textAt } from "../../../server/documents/read-place.ts";
import { type PdfText, pdfOf } from "../../fixtures/book-files.ts";

const dome = "The dome opens at dusk when the wind is low enough for its shutters to move. ";

async function read(bytes: Buffer) {
  const result = await readDocument("manual.pdf", bytes);
  if (!result.ok) throw new Error(result.reason);
  const { document, note } = result;
  return { document, note, passages: passagesOf(document, { folder: "f", path: "manual.pdf", contentHash: "h" }) };
}

/** Pages of a manual with a running head, a chapter on each page, and a page number. */
const manual = (pages: number): PdfText[][] =>
  Array.from({ length: pages }, (_, page) => [
    { text: "Heron observatory manual", size: 9, at: [72, 40] },
    { text: `Chapter ${page + 1}`, size: 20, at: [72, 90] },
    { text: `${dome.repeat(3)}Sign ${page + 1} stands at the gate.`, size: 11 },
    { text: "Locks", size: 15 },
    { text: `The lock of gate ${page + 1} is oiled in May.` },
    { text: `Page ${page + 1}`, size: 9, at: [300, 700] },
  ]);

/** A page of one text in a font of a predefined character map, neither embedded nor with a table of its own. */
function easternPdf(encoding: string, ordering: string, codes: Buffer): Buffer {
  const content = `BT /F 12 Tf 72 700 Td <${codes.toString("hex")}> Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    `<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /${encoding} /DescendantFonts [6 0 R] >>`,
    `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (${ordering}) /Supplement 2 >> /FontDescriptor 7 0 R >>`,
    "<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
  ];
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join("");
  return Buffer.from(`%PDF-1.4\n${body}trailer << /Root 1 0 R >>\n`);
}

describe("a PDF", () => {
  test("is read page by page, each passage at its page and lines", async () => {
    const { document, passages } = await read(await pdfOf(manual(4)));
    expect(new Set(passages.map(({ place }) => place!.page))).toEqual(new Set([1, 2, 3, 4]));
    for (const { text, place } of passages) {
      const part = partAt(document, place!)!;
      expect(textAt(part, place!)).toBe(text);
      expect(
        part.source
          .split("\n")
          .slice(place!.startLine - 1, place!.endLine)
          .join("\n"),
      ).toContain(text);
    }
    const lock = passages.find(({ text }) => text.includes("gate 3 is oiled"))!;
    expect(lock.place).toMatchObject({ page: 3, headings: ["Chapter 3", "Locks"] });
  });

  test("takes its title from its own data, else from what is set largest on its first page", async () => {
    const pages: PdfText[][] = [[{ text: "Care of the Domes", size: 26 }, { text: dome.repeat(8) }]];
    const titleOf = async (Title?: string) =>
      (await read(await pdfOf(pages, Title ? { info: { Title } } : {}))).document.title;
    expect(await titleOf("The Dome Handbook")).toBe("The Dome Handbook");
    expect(await titleOf("Microsoft Word - dome_v3.docx")).toBe("Care of the Domes");
    expect(await titleOf("C:\\tmp\\dome")).toBe("Care of the Domes");
    expect(await titleOf()).toBe("Care of the Domes");
  });

  test("takes headings from its outline where it has one", async () => {
    const pages: PdfText[][] = [
      [
        { text: "An advertisement", size: 24 },
        { text: dome.repeat(4) },
        { text: "1.2 Locks" },
        { text: dome.repeat(4) },
      ],
    ];
    const { passages } = await read(await pdfOf(pages, {}, ["1.2 Locks"]));
    expect(passages.at(-1)!.place!.headings).toEqual(["1.2 Locks"]);
    expect(passages[0]!.place!.headings).toEqual([]);
  });

  test("leaves running heads and page numbers out of its passages, and chapter titles in", async () => {
    const { document, passages } = await read(await pdfOf(manual(6)));
    const text = passages.map((passage) => passage.text).join("\n");
    expect(text).not.toMatch(/Heron observatory manual|Page \d/);
    expect(text.match(/Chapter \d/g)).toHaveLength(6);
    // They still count as lines of the page.
    expect(document.parts[2]!.source).toContain("Heron observatory manual");
  });

  test("joins words that were divided at a line's end, with the hyphen where the document writes it", async () => {
    const at = (index: number): [number, number] => [72, 100 + index * 13];
    const lines = [
      "The spectro-",
      "graph is well-",
      "known, and a spectrograph that is well-known is",
      "heavy indeed.",
    ];
    const { passages } = await read(await pdfOf([lines.map((text, index) => ({ text, at: at(index) }))]));
    expect(passages[0]!.text).toBe(
      "The spectrograph\nis well-known,\nand a spectrograph that is well-known is\nheavy indeed.",
    );
  });

  test("keeps the columns of a page apart and the cells of a row together", async () => {
    const left = ["Left one of the page", "left two of the page."];
    const right = ["Right one of the page", "right two of the page."];
    const columns = [...left.map((text, y) => ({ text, y, x: 72 })), ...right.map((text, y) => ({ text, y, x: 320 }))];
    const { document } = await read(
      await pdfOf([
        columns.map(({ text, x, y }) => ({ text, at: [x, 100 + y * 13] })),
        [
          { text: "Ada", at: [72, 100] },
          { text: "North Dome", at: [200, 100] },
        ],
      ]),
    );
    expect(document.parts[0]!.source).toBe(`${left.join("\n")}\n\n${right.join("\n")}`);
    expect(document.parts[1]!.source).toMatch(/^Ada {3}North Dome$/);
  });

  test.each([
    ["90ms-RKSJ-H", "Japan1", Buffer.from([0x83, 0x5a, 0x83, 0x93, 0x83, 0x5e, 0x81, 0x5b]), "センター"],
    ["UniGB-UCS2-H", "GB1", Buffer.from("光谱仪安装在北穹顶", "utf16le").swap16(), "光谱仪安装在北穹顶"],
  ])(
    "reads text in the code of %s fonts, which name their characters nowhere else",
    async (encoding, order, codes, said) => {
      const { document } = await read(easternPdf(encoding, order, codes));
      expect(document.parts[0]!.source).toBe(said);
    },
  );

  test("says where a quote stands: page, line and column", async () => {
    const { document } = await read(await pdfOf(manual(2)));
    const found = document.parts.map((part) => findInPart(part, "lock of gate 2 is oiled"));
    expect(found.map((range) => range !== undefined)).toEqual([false, true]);
  });

  test.each([
    ["with a password", () => pdfOf([[{ text: "secret" }]], { userPassword: "a", ownerPassword: "b" }), "encrypted"],
    ["of scanned pages", () => pdfOf([[], [], []]), "scanned: none of its 3 pages holds text"],
    ["cut off", async () => (await pdfOf(manual(3))).subarray(0, 700), "damaged"],
    ["that is none", () => Promise.resolve(Buffer.from("%PDF-1.7 nothing")), "damaged, or no PDF"],
  ])("%s is refused with its reason", async (_, make, reason) => {
    const result = await readDocument("a.pdf", await make());
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.reason).toContain(reason);
  });

  test("that is scanned in part is read, and what is missing is said", async () => {
    const { passages, note } = await read(await pdfOf([[{ text: dome }], [], [], [{ text: dome }]]));
    expect(passages).toHaveLength(2);
    expect(note).toBe("2 of 4 pages hold no text (scanned or blank) and are not searched");
  });

  test("with an owner's password only opens as it does in any viewer", async () => {
    const { passages } = await read(await pdfOf([[{ text: dome }]], { ownerPassword: "b" }));
    expect(passages[0]!.text).toContain("The dome opens");
  });
});
