import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partAt } from "../../../server/documents/document.ts";
import { hashBytes } from "../../../server/documents/hash-bytes.ts";
import { passagesOf } from "../../../server/documents/passages.ts";
import { findInPart, textAt } from "../../../server/documents/read-place.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { estimateTokens } from "../../../server/documents/token-estimate.ts";
import { normalise } from "../../../server/documents/normalise.ts";
import { pdfOf } from "../../fixtures/book-files.ts";
import { hasReference, referenceFile } from "../../fixtures/golden.ts";

const word = fc.constantFrom(
  "dome",
  "valve",
  "1987",
  "**bold**",
  "`code`",
  "naïve",
  "観測所",
  "👩‍🚀",
  "a|b",
  "[x](y.md)",
  "<i>",
  "&amp;",
  "-",
  "#",
  "end.",
  "Why?",
  "\t",
);
const line = fc.array(word, { minLength: 1, maxLength: 14 }).map((words) => words.join(" "));
const block = fc.oneof(
  line,
  fc.tuple(fc.integer({ min: 1, max: 4 }), line).map(([level, text]) => `${"#".repeat(level)} ${text}`),
  fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => lines.map((text) => `- ${text}`).join("\n")),
  fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => `\`\`\`sh\n${lines.join("\n")}\n\`\`\``),
  fc
    .array(line, { minLength: 1, maxLength: 4 })
    .map(
      (lines) => `| a | b |\n| --- | --- |\n${lines.map((text) => `| ${text.replaceAll("|", "")} | x |`).join("\n")}`,
    ),
  fc.array(line, { minLength: 12, maxLength: 40 }).map((lines) => lines.join("\n")),
  line.map((text) => `> ${text}`),
);
const end = fc.constantFrom("\n", "\r\n", "");
const markdown = fc
  .tuple(fc.array(block, { minLength: 1, maxLength: 12 }), fc.constantFrom("\n", "\r\n"), end)
  .map(([blocks, newline, last]) => blocks.join("\n\n").replaceAll("\n", newline) + last);
const html = fc
  .array(block, { maxLength: 8 })
  .map(
    (blocks) =>
      `<!doctype html><html><head><title>T</title></head><body><nav>menu</nav><main>\n${blocks.map((text) => `<p>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`).join("\n")}\n</main></body></html>`,
  );
const notebook = fc.array(fc.tuple(fc.constantFrom("markdown", "code"), markdown), { maxLength: 5 }).map((cells) =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map(([cell_type, source]) => ({ cell_type, metadata: {}, source: source.split(/(?<=\n)/u) })),
  }),
);

const rst = fc
  .array(
    fc.oneof(
      block,
      fc
        .tuple(line, fc.constantFrom("=", "-", "~"), fc.boolean())
        .map(([text, mark, over]) => `${over ? `${mark.repeat(90)}\n` : ""}${text}\n${mark.repeat(90)}`),
      line.map((text) => `.. note:: ${text}\n\n   ${text}\n   ${text}`),
      line.map((text) => `.. ${text}`),
      line.map((text) => `${text}::\n\n    ${text}`),
      fc.constantFrom("====  ====\na     b\n====  ====", "====  ====", ".. _label:", "----", "..", "- a\n\n  b\n- c"),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((blocks) => blocks.join("\n\n"));
const asciidoc = fc
  .array(
    fc.oneof(
      block,
      fc.tuple(fc.integer({ min: 1, max: 4 }), line).map(([level, text]) => `${"=".repeat(level)} ${text}`),
      fc
        .tuple(fc.constantFrom("----", "====", "|===", "////", "```", "--"), line)
        .map(([mark, text]) => `[x]\n${mark}\n${text}\n\n${text}\n${mark}`),
      fc.constantFrom(
        "----",
        "[NOTE]",
        ".Title",
        ":toc: left",
        "// seen",
        "* a\n+\n----\nb\n----\n* c",
        "ifdef::x[]",
        "a:: b",
      ),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((blocks) => blocks.join("\n\n"));
const mdx = fc
  .array(
    fc.oneof(
      block,
      line.map((text) => `:::note ${text}\n\n${text}\n\n:::`),
      line.map((text) => `!!! tip\n\n    ${text}\n\n    ${text}`),
      fc.constantFrom(
        'import A from "./a";',
        "export const a = { b: 1 };",
        "{/* c */}",
        "<Tabs>",
        "</Tabs>",
        "<!-- seen -->",
        ":::",
        "{{< note >}}",
      ),
    ),
    { maxLength: 12 },
  )
  .map((blocks) => `---\ntitle: T\n---\n${blocks.join("\n\n")}`);

/** The ways in which a text is stored: line ends, marks, encodings, and bytes that are no text at all. */
const stored = fc.constantFrom<[name: string, store: (text: string) => Buffer]>(
  ["UTF-8", (text) => Buffer.from(text)],
  ["CRLF", (text) => Buffer.from(text.replaceAll(/\r?\n/g, "\r\n"))],
  ["a byte order mark", (text) => Buffer.from(`\ufeff${text}`)],
  ["UTF-16 LE", (text) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["UTF-16 BE", (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
  ["a very long line", (text) => Buffer.from(`${text}\n\n${"望 dome👩‍🚀\t".repeat(3_000)}`)],
  [
    "invalid UTF-8",
    (text) => Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xc3, 0x28, 0xe2, 0x82]), Buffer.from(text)]),
  ],
);

/** UTF-16 units from which a block that was taken out of markup is cut. */
const longestBlock = 8_000;

/** What is promised of every document: each passage stands at its place, and is found again by its words. */
async function holdsItsPlaces(path: string, bytes: Buffer, find = true): Promise<number> {
  const read = await readDocument(path, bytes);
  if (!read.ok) return 0;
  const passages = passagesOf(read.document, { folder: "f", path, contentHash: hashBytes(bytes) });
  for (const passage of passages) {
    const part = partAt(read.document, passage.place!)!;
    const said = textAt(part, passage.place!);
    // A block of markup that is cut has no offsets inside: the place of a piece is the block.
    if (said.length > longestBlock && part.units.some(({ text }) => text !== undefined))
      expect(said).toContain(passage.text);
    else expect(said).toBe(passage.text);
    if (find) expect(findInPart(part, passage.text)).toBeDefined();
    expect(passage.place!.endLine).toBeLessThanOrEqual(part.source.split("\n").length);
  }
  return passages.length;
}

describe("the place of a passage", () => {
  test.each([
    ["a.md", markdown],
    ["a.mdx", mdx],
    ["a.txt", markdown],
    ["a.rst", rst],
    ["a.adoc", asciidoc],
    ["a.html", html],
    ["a.ipynb", notebook],
    ["a.py", markdown],
    ["a.kt", markdown],
  ])("gives the passage's text when it is read again: %s", async (path, content) => {
    await fc.assert(
      fc.asyncProperty(content, async (source) => {
        await holdsItsPlaces(path, Buffer.from(source));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["a.md", markdown],
    ["a.rst", rst],
    ["a.adoc", asciidoc],
    ["a.html", html],
    ["a.ts", markdown],
  ])("holds however the text is stored: %s", async (path, content) => {
    let held = 0;
    await fc.assert(
      fc.asyncProperty(content, stored, async (source, [, store]) => {
        held += (await holdsItsPlaces(path, store(source))) > 0 ? 1 : 0;
      }),
      { numRuns: 60 },
    );
    expect(held).toBeGreaterThan(30);
  });

  test("holds in a PDF of any text, page by page", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(line, fc.constantFrom(9, 11, 20)), { maxLength: 8 }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (pages) => {
          const drawn = pages.map((page) => page.map(([text, size]) => ({ text, size })));
          await holdsItsPlaces("a.pdf", await pdfOf(drawn));
        },
      ),
      { numRuns: 25 },
    );
  });

  test.skipIf(!hasReference("data/docs"))(
    "holds in every page of two large projects' documentation",
    async () => {
      let passages = 0;
      const folder = referenceFile("data/docs");
      for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((each) =>
        each.endsWith(".md"),
      ))
        passages += await holdsItsPlaces(path, readFileSync(join(folder, path)), false);
      expect(passages).toBeGreaterThan(10_000);
    },
    120_000,
  );

  test("nothing that a document says is lost between its passages", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (lines) => {
        const source = lines.join("\n\n");
        const read = await readDocument("a.txt", Buffer.from(source));
        if (!read.ok) return;
        const passages = passagesOf(read.document, { folder: "f", path: "a.txt", contentHash: "" });
        const squeezed = (text: string): string => normalise(text).replaceAll(" ", "");
        expect(squeezed(passages.map(({ text }) => text).join(""))).toBe(squeezed(source));
      }),
    );
  });

  test("no passage is longer than the embedder reads", async () => {
    await fc.assert(
      fc.asyncProperty(markdown, async (source) => {
        const read = await readDocument("a.md", Buffer.from(source));
        if (!read.ok) return;
        for (const { text } of passagesOf(read.document, { folder: "f", path: "a.md", contentHash: "" }))
          expect(estimateTokens(text)).toBeLessThanOrEqual(260);
      }),
    );
  });
});

describe("reading a document", () => {
  const passages = async (path: string, text: string) => {
    const read = await readDocument(path, Buffer.from(text));
    if (!read.ok) throw new Error(read.reason);
    return passagesOf(read.document, { folder: "f", path, contentHash: "" });
  };

  test("takes headings for titles, and front matter for its title only", async () => {
    const [first] = await passages(
      "guide.md",
      "---\ntitle: The guide\nsecret: draftnote\n---\n\n# The guide\n\n## Domes\n\nThe dome opens at dusk when the wind is low enough for the shutters to move.\n",
    );
    expect(first!.title).toBe("The guide › Domes");
    expect(first!.place).toMatchObject({ headings: ["The guide", "Domes"] });
    expect(first!.text).not.toContain("draftnote");
  });

  test("keeps a code fence whole, headings inside it included", async () => {
    const [first] = await passages("a.md", "# Run\n\n```sh\n# not a heading\nopen --dome north\n```\n");
    expect(first!.text).toContain("# not a heading\nopen --dome north");
    expect(first!.place!.headings).toEqual(["Run"]);
  });

  test("leaves scripts, styles, navigation and comments of a page out of its text", async () => {
    const all = await passages(
      "a.html",
      "<html><head><title>T</title><style>.x{color:red}</style></head><body><nav><a href='x'>navword</a></nav><main><h1>T</h1><p>The dome opens at dusk when the wind is low enough for the shutters.</p><script>scriptword()</script><!-- commentword --><img src=x onerror='attrword()' alt='alt'></main><footer>footword</footer></body></html>",
    );
    const text = all.map((passage) => passage.text).join(" ");
    expect(text).toContain("The dome opens at dusk");
    for (const hidden of ["navword", "scriptword", "commentword", "attrword", "color:red"])
      expect(text).not.toContain(hidden);
  });

  test("numbers lines inside the cell of a notebook", async () => {
    const source = JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: [
        { cell_type: "code", metadata: {}, outputs: [{ text: "outputword" }], source: ["x = 1\n", "\n", "y = 2"] },
        {
          cell_type: "markdown",
          metadata: {},
          source: "# Seeing\n\nThe seeing was measured on nine nights in a row in May.",
        },
      ],
    });
    const found = (await passages("n.ipynb", source)).map(
      ({ place, text }) => `${place!.cell}:${place!.startLine}-${place!.endLine} ${text.split("\n")[0]}`,
    );
    expect(found).toEqual(["0:1-3 x = 1", "1:1-3 # Seeing"]);
  });

  test.each([
    ["a.ipynb", "[]"],
    ["a.ipynb", '{"cells": 3}'],
    ["a.md", "\u0000\u0001\u0000binary\u0000"],
    ["a.exe", "MZ"],
  ])("says why %s with %j is not read", async (path, text) => {
    const read = await readDocument(path, Buffer.from(text));
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.reason.length).toBeGreaterThan(5);
  });
});

describe("reading a hostile document", () => {
  const passages = async (path: string, text: string) => {
    const read = await readDocument(path, Buffer.from(text));
    if (!read.ok) throw new Error(read.reason);
    return { document: read.document, passages: passagesOf(read.document, { folder: "f", path, contentHash: "" }) };
  };
  const size = (value: unknown): number => JSON.stringify(value).length;

  test("a heading of a megabyte is not repeated with every passage below it", async () => {
    const heading = "x ".repeat(200_000);
    const body = "The dome opens at dusk when the wind is low enough for all of the shutters.\n\n".repeat(2_000);
    const { passages: cut } = await passages("a.md", `# ${heading}\n\n${body}`);
    expect(size(cut)).toBeLessThan(5 * (heading.length + body.length));
    expect(
      size(
        (await passages("a.html", `<title>${heading}</title><h1>${heading}</h1>${body.replace(/.+/g, "<p>$&</p>")}`))
          .passages,
      ),
    ).toBeLessThan(5_000_000);
  });

  test("spaces without end and a block of markup without end are cut into passages that can be read", async () => {
    const spaced = (await passages("a.txt", `a${" ".repeat(300_000)}${"b ".repeat(900)}`)).passages;
    const block = await passages("a.html", `<p>${"The heavy heron waits. ".repeat(5_000)}and leaves</p>`);
    for (const { text } of [...spaced, ...block.passages]) expect(text.length).toBeLessThan(8_001);
    for (const { text, place } of block.passages) expect(textAt(block.document.parts[0]!, place!)).toContain(text);
    expect(new Set(block.passages.map(({ id }) => id)).size).toBe(block.passages.length);
    expect(block.passages.at(-1)!.text).toMatch(/and leaves$/);
  });

  test("a line of nothing but markup costs no more than its blocks", async () => {
    const before = process.memoryUsage().heapUsed;
    expect((await passages("a.md", `# Stars\n\n${"*a_".repeat(200_000)}\n`)).passages.length).toBeGreaterThan(10);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(120 * 2 ** 20);
  });

  test("a notebook of a million wrong cells is refused at the first", async () => {
    expect(await readDocument("a.ipynb", Buffer.from(`{"cells":[${"{},".repeat(300_000)}{}]}`))).toEqual({
      ok: false,
      reason: "damaged, or no notebook of format 4",
    });
  });

  test("a heading in a later cell of a notebook closes the ones it stands beside", async () => {
    const cells = ["# One", "## Two", "# Three"].map((heading) => ({
      cell_type: "markdown",
      source: `${heading}\n\nThe dome opens at dusk when the wind is low enough for the shutters to move.`,
    }));
    const { passages: cut } = await passages("a.ipynb", JSON.stringify({ cells }));
    expect(cut.map(({ place }) => place!.headings)).toEqual([["One"], ["One", "Two"], ["Three"]]);
  });
});
