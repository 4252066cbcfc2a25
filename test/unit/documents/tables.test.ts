import { expect, test } from "vitest";
import { partAt } from "../../../server/documents/document.ts";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { readRst } from "../../../server/documents/read-rst.ts";
import { textAt } from "../../../server/documents/read-place.ts";

const rows = Array.from({ length: 60 }, (_, at) => [`sensor-${at}`, `${4000 + at}`, `checked by night crew ${at}`]);
const columns = "Sensor | Port | Note";

const files: [name: string, path: string, source: string][] = [
  [
    "Markdown",
    "a.md",
    `# Page\n\n## Ports\n\n| Sensor | **Port** | Note |\n| --- | :-: | --- |\n${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}\n`,
  ],
  [
    "HTML",
    "a.html",
    `<h1>Page</h1><h2>Ports</h2><table><thead><tr><th>Sensor</th><th>Port</th><th>Note</th></tr></thead><tbody>${rows
      .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`)
      .join("\n")}</tbody></table>`,
  ],
  [
    "AsciiDoc",
    "a.adoc",
    `= Page\n\n== Ports\n\n[%header,cols="1,1,2"]\n|===\n|Sensor |Port |Note\n${rows.map((row) => `|${row.join(" |")}`).join("\n")}\n|===\n`,
  ],
  [
    "reStructuredText, as a grid",
    "a.rst",
    `Page\n====\n\nPorts\n-----\n\n+-----------+-------+---------------------------+\n| Sensor    | Port  | Note                      |\n+===========+=======+===========================+\n${rows
      .map(
        ([sensor, port, note]) =>
          `| ${sensor!.padEnd(9)} | ${port!.padEnd(5)} | ${note!.padEnd(25)} |\n+-----------+-------+---------------------------+`,
      )
      .join("\n")}\n`,
  ],
  [
    "reStructuredText, simple",
    "b.rst",
    `Page\n====\n\nPorts\n-----\n\n=========  =====  =========================\nSensor     Port   Note\n=========  =====  =========================\n${rows
      .map(([sensor, port, note]) => `${sensor!.padEnd(9)}  ${port!.padEnd(5)}  ${note!.padEnd(25)}`)
      .join("\n")}\n=========  =====  =========================\n`,
  ],
  [
    "reStructuredText, as a list of lists",
    "c.rst",
    `Page\n====\n\nPorts\n-----\n\n.. list-table:: All of the\n   sensors\n   :widths: 10 10 40\n   :header-rows: 1\n\n   * - Sensor\n     - **Port**\n     -\n       Note\n${rows.map((row) => `   * - ${row.join("\n     - ")}`).join("\n")}\n`,
  ],
  [
    "reStructuredText, as a list with an empty line after each row",
    "d.rst",
    `Page\n====\n\nPorts\n-----\n\n.. list-table::\n   :header-rows: 1\n\n   * - Sensor\n     - Port\n     - Note\n\n${rows.map((row) => `   * - ${row.join("\n     - ")}`).join("\n\n")}\n`,
  ],
  [
    "reStructuredText, as values with a header",
    "e.rst",
    `Page\n====\n\nPorts\n-----\n\n.. csv-table:: Sensors\n   :header: "Sensor", Port, "Note"\n   :widths: 10, 10, 40\n\n${rows.map((row) => `   ${row.join(", ")}`).join("\n")}\n`,
  ],
  [
    "reStructuredText, as values of which the first row is the header",
    "f.rst",
    `Page\n====\n\nPorts\n-----\n\n.. csv-table::\n   :header-rows: 1\n   :delim: ;\n\n   Sensor; Port; "Note"\n${rows.map((row) => `   ${row.join("; ")}`).join("\n")}\n`,
  ],
  [
    "reStructuredText, simple with a caption",
    "g.rst",
    `Page\n====\n\nPorts\n-----\n\n.. table:: Sensors\n   :widths: auto\n\n   =========  =====  =========================\n   Sensor     Port   Note\n   =========  =====  =========================\n${rows
      .map(([sensor, port, note]) => `   ${sensor!.padEnd(9)}  ${port!.padEnd(5)}  ${note!.padEnd(25)}`)
      .join("\n")}\n   =========  =====  =========================\n`,
  ],
];

test.each(files)(
  "a long table of %s names its columns in each passage, and places stay exact",
  async (_, path, source) => {
    const read = await readDocument(path, Buffer.from(source));
    if (!read.ok) throw new Error(read.reason);
    const passages = passagesOf(read.document, { folder: "f", path, contentHash: "" });
    const [first, ...later] = passages.filter(({ text }) => text.includes("sensor-"));
    expect(later.length).toBeGreaterThan(1);
    expect(first!.text).toMatch(/Sensor/);
    expect(first!.title).toBe("Page › Ports");
    for (const { title, text } of later) {
      expect(title).toBe(`Page › Ports › ${columns}`);
      expect(text).not.toMatch(/Sensor/);
    }
    for (const { text, place } of passages) expect(textAt(partAt(read.document, place!)!, place!)).toBe(text);
  },
);

test.each([
  ["a table that is one passage", "a.md", "# P\n\n| A | B |\n| - | - |\n| 1 | 2 |\n\nText after it.\n"],
  ["paragraphs after a table", "a.html", `<table><tr><th>A</th><th>B</th></tr></table><p>${"Words. ".repeat(400)}</p>`],
  [
    "a table whose rows begin with a header cell",
    "a.html",
    `<table>${"<tr><th>A</th><td>one two</td></tr>".repeat(200)}</table>`,
  ],
  [
    "a list table that has no header",
    "a.rst",
    `.. list-table::\n   :widths: 10 90\n\n${"   * - one\n     - two | three\n".repeat(300)}`,
  ],
  ["values that have no header", "a.rst", `.. csv-table:: Values\n\n${"   one, two | three\n".repeat(400)}`],
  [
    "values whose header is broken",
    "a.rst",
    `.. csv-table::\n   :header: "a, b\n   :delim: \n\n${"   one, two\n".repeat(400)}`,
  ],
  ["an admonition", "a.rst", `.. note::\n   :header-rows: 1\n\n${"   * - one | two\n".repeat(300)}`],
])("%s has no names of columns above it", async (_, path, source) => {
  const read = await readDocument(path, Buffer.from(source));
  if (!read.ok) throw new Error(read.reason);
  const titles = new Set(passagesOf(read.document, { folder: "f", path, contentHash: "" }).map(({ title }) => title));
  expect([...titles].filter((title) => title.includes("|"))).toEqual([]);
});

const longHeader = "+---+---+\n| A | B |\n+===+===+\n";
test.each([
  ["a grid", longHeader + "| 1 | 2 |\n".repeat(200_000), "A | B"],
  ["a grid without a header", "+---+---+\n" + "| 1 | 2 |\n".repeat(200_000), undefined],
  [
    "a list",
    ".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n" + "   * - 1\n     - 2\n".repeat(100_000),
    "A | B",
  ],
  ["values", '.. csv-table::\n   :header: "A", "B"\n\n' + "   1, 2\n".repeat(200_000), "A | B"],
  ["values in one line", `.. csv-table::\n   :header-rows: 1\n\n   ${"1,".repeat(1_000_000)}\n`, undefined],
  ["a title without an end", ".. list-table::\n   :header-rows: 1\n" + "   more\n".repeat(300_000), undefined],
])("a table of hundreds of thousands of lines is read as a short one: %s", (_, source, named) => {
  const [unit] = readRst(source, "T").parts[0]!.units;
  // What is cut off in the middle is no header, or the beginning of one.
  if (named === undefined) expect(unit!.ownColumns?.length ?? 0).toBeLessThan(60_000);
  else expect(unit!.ownColumns).toBe(named);
});
