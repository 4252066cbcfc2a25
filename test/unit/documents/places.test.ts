import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hashBytes } from "../../../server/documents/hash-bytes.ts";
import { estimateTokens, passagesOf } from "../../../server/documents/passages.ts";
import { findInPart, textAt } from "../../../server/documents/read-place.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { normalise } from "../../../server/documents/normalise.ts";

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

describe("the place of a passage", () => {
  test.each([
    ["a.md", markdown],
    ["a.txt", markdown],
    ["a.html", html],
    ["a.ipynb", notebook],
  ])("gives the passage's text when it is read again: %s", async (path, content) => {
    await fc.assert(
      fc.asyncProperty(content, async (source) => {
        const bytes = Buffer.from(source);
        const read = await readDocument(path, bytes);
        fc.pre(read.ok);
        if (!read.ok) return;
        for (const passage of passagesOf(read.document, { folder: "f", path, contentHash: hashBytes(bytes) })) {
          const part = read.document.parts.find(({ cell }) => cell === passage.place!.cell)!;
          expect(textAt(part, passage.place!)).toBe(passage.text);
          expect(findInPart(part, passage.text)).toBeDefined();
          expect(passage.place!.endLine).toBeLessThanOrEqual(part.source.split("\n").length);
        }
      }),
      { numRuns: 300 },
    );
  });

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
      reason: "not a notebook of format 4",
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
