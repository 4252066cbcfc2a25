import { describe, expect, test } from "vitest";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { textAt } from "../../../server/documents/read-place.ts";
import { estimateTokens } from "../../../server/documents/token-estimate.ts";

const long = "The dome opens at dusk when the wind is low enough for all of its shutters to move without a sound.";

/** Units as `headings | first line`, which is what a format's reader decides. */
async function blocks(path: string, source: string): Promise<string[]> {
  const read = await readDocument(path, Buffer.from(source));
  if (!read.ok) throw new Error(read.reason);
  const [part] = read.document.parts;
  return part!.units.map(
    ({ start, end, headings }) => `${headings.join(" > ")} | ${part!.source.slice(start, end).replaceAll("\n", "⏎")}`,
  );
}

describe("reStructuredText", () => {
  test("has headings by their adornment, in the order in which kinds of it come", async () => {
    const source = `=====\nGuide\n=====\n\nDomes\n=====\n${long}\n\nLocks\n-----\nOil.\n\nGates\n=====\nEnd.\n`;
    expect(await blocks("a.rst", source)).toEqual([
      "Guide | =====⏎Guide⏎=====",
      "Guide > Domes | Domes⏎=====",
      `Guide > Domes | ${long}`,
      "Guide > Domes > Locks | Locks⏎-----",
      "Guide > Domes > Locks | Oil.",
      "Guide > Gates | Gates⏎=====",
      "Guide > Gates | End.",
    ]);
  });

  test("keeps directives, literal blocks, lists and tables whole, and leaves out comments and labels", async () => {
    const source = [
      ".. _label:",
      ".. a comment\n   of two lines",
      ".. note:: Wind\n\n   must be low.",
      "Run::\n\n  # no title\n  ==========",
      "- one\n\n  more\n- two",
      "===  ===\na    b\n===  ===\n1    2\n\n3    4\n===  ===",
      "----",
      "Last.",
    ].join("\n\n");
    expect((await blocks("a.rst", source)).map((each) => each.slice(3))).toEqual([
      ".. note:: Wind⏎⏎   must be low.",
      "Run::⏎⏎  # no title⏎  ==========",
      "- one⏎⏎  more⏎- two",
      "===  ===⏎a    b⏎===  ===⏎1    2⏎⏎3    4⏎===  ===",
      "Last.",
    ]);
  });

  test("is read to its end whatever is never closed", async () => {
    const source = `==  ==\n${"a\n\n".repeat(20_000)}`;
    expect((await blocks("a.rst", source)).length).toBe(20_001);
  });
});

describe("AsciiDoc", () => {
  test("has sections, and no headings inside a listing", async () => {
    const source = `= Guide\nAda Quill\n:toc: left\n\n== Domes\n\n----\n== none\n\nx\n----\n\n=== Locks\nOil.\n`;
    expect(await blocks("a.adoc", source)).toEqual([
      "Guide | = Guide",
      "Guide | Ada Quill",
      "Guide > Domes | == Domes",
      "Guide > Domes | ----⏎== none⏎⏎x⏎----",
      "Guide > Domes > Locks | === Locks",
      "Guide > Domes > Locks | Oil.",
    ]);
  });

  test("keeps blocks with their attributes, lists with what is attached, and leaves comments out", async () => {
    const source = [
      "// hidden",
      "[NOTE]\n.Wind\n====\nLow.\n\nDry.\n====",
      "* one\n+\n----\na\n\nb\n----\n* two",
      "////\nnever\n\nseen\n////",
      "|===\n|a |b\n\n|1 |2\n|===",
      "term:: meaning",
    ].join("\n\n");
    expect((await blocks("a.adoc", source)).map((each) => each.slice(3))).toEqual([
      "[NOTE]⏎.Wind⏎====⏎Low.⏎⏎Dry.⏎====",
      "* one⏎+⏎----⏎a⏎⏎b⏎----⏎* two",
      "|===⏎|a |b⏎⏎|1 |2⏎|===",
      "term:: meaning",
    ]);
  });

  test("is read to its end whatever is never closed", async () => {
    expect((await blocks("a.adoc", "```a\nb\n\n".repeat(20_000))).length).toBeGreaterThan(10_000);
  });
});

describe("Markdown", () => {
  test.each([
    ["Docusaurus", ":::note Wind\n\nLow.\n\n:::"],
    ["PyMdown", "/// tip\n\nLow.\n\n///"],
    ["MkDocs", '!!! note "Wind"\n\n    Low.\n\n    Dry.'],
    ["Hugo", "{{< note >}}\n\nLow.\n\n{{< /note >}}"],
    ["GitHub", "> [!NOTE]\n>\n> Low."],
  ])("keeps an admonition of %s with the word that says it is one", async (_, admonition) => {
    expect(await blocks("a.md", `${long}\n\n${admonition}\n\nAfter.`)).toEqual([
      ` | ${long}`,
      ` | ${admonition.replaceAll("\n", "⏎")}`,
      " | After.",
    ]);
  });

  test("leaves what is no admonition, is never closed, holds a heading or fills a passage as it is", async () => {
    expect(await blocks("a.md", ":::note\n\nOne.\n\nTwo.")).toHaveLength(3);
    expect(await blocks("a.md", "{{< toc >}}\n\nOne.\n\nTwo.")).toHaveLength(3);
    expect(await blocks("a.md", ":::note\n\n# Two\n\n:::")).toHaveLength(3);
    expect(await blocks("a.md", `:::note\n\n${`${long}\n\n`.repeat(12)}:::`)).toHaveLength(14);
  });

  test("says a heading as it is read", async () => {
    const [first] = await blocks("a.md", "# The `open` [command](x.md) { #open }\n");
    expect(first).toBe("The open command | # The `open` [command](x.md) { #open }");
  });

  test("reads the title of YAML and of TOML front matter", async () => {
    const titleOf = async (source: string) => {
      const read = await readDocument("a.md", Buffer.from(source));
      return read.ok && read.document.title;
    };
    expect(await titleOf("---\ntitle: 'A: b'\n---\n# X\n")).toBe("A: b");
    expect(await titleOf('+++\ntitle = "Say \\"hi\\""\n[x]\ntitle = "no"\n+++\n# X\n')).toBe('Say "hi"');
    expect(await titleOf("+++\n[x]\ntitle = 'no'\n+++\n# X\n")).toBe("X");
    expect(await titleOf("---\n: {{ broken\n---\n# X\n")).toBe("X");
  });

  test("leaves the program of an MDX page and comments out of its passages", async () => {
    const source = `import Tabs from "@x/tabs";\n\nexport const a = { b: 1 };\n\n# Domes\n\n${long}\n\n{/* hidden one */}\n\n${long}\n\n<!-- hidden two -->\n\n${long}\n\nImport the data. export is prose here.\n`;
    const read = await readDocument("a.mdx", Buffer.from(source));
    if (!read.ok) throw new Error(read.reason);
    const text = passagesOf(read.document, { folder: "f", path: "a.mdx", contentHash: "" })
      .map((each) => each.text)
      .join("\n");
    expect(text).not.toMatch(/@x\/tabs|const a|hidden/);
    expect(text).toContain("Import the data. export is prose here.");
    // In plain Markdown such lines are text.
    expect(await blocks("a.md", 'import Tabs from "@x/tabs";')).toHaveLength(1);
  });
});

describe("HTML", () => {
  test("cuts a paragraph that is too long for a passage at its sentences, each piece with a place of its own", async () => {
    const sentences = Array.from(
      { length: 40 },
      (_, index) => `Sentence ${index} says that the dome\nopens at dusk, <b>slowly</b>.`,
    );
    const source = `<p>${sentences.join(" ")}</p>\n<pre>${"open --dome\n".repeat(200)}</pre>`;
    const read = await readDocument("a.html", Buffer.from(source));
    if (!read.ok) throw new Error(read.reason);
    const [part] = read.document.parts;
    const passages = passagesOf(read.document, { folder: "f", path: "a.html", contentHash: "" });
    expect(passages.length).toBeGreaterThan(5);
    for (const { text, place } of passages) {
      expect(estimateTokens(text)).toBeLessThanOrEqual(260);
      expect(textAt(part!, place!)).toBe(text);
      expect(text).toMatch(/[.e]$/u);
    }
    const said = passages
      .map(({ text }) => text)
      .join(" ")
      .replaceAll(/\s+/gu, " ");
    expect(said).toContain(
      sentences
        .join(" ")
        .replaceAll(/<\/?b>/gu, "")
        .replaceAll(/\s+/gu, " "),
    );
  });

  test("keeps the paragraphs of a cell in its row, and rows and items below each other", async () => {
    const source = `<h1>T</h1><table><tr><th><p>Gate</p></th><th>Keeper</th></tr><tr><td><div>North</div><p>east</p></td><td>Ada</td></tr></table><ul><li>one</li><li><p>two</p></li></ul><p>${long}</p>`;
    const read = await readDocument("a.html", Buffer.from(source));
    if (!read.ok) throw new Error(read.reason);
    const [passage] = passagesOf(read.document, { folder: "f", path: "a.html", contentHash: "" });
    expect(passage!.text).toBe(`T\n\nGate | Keeper\nNorth east | Ada\n\none\ntwo\n\n${long}`);
  });
});
