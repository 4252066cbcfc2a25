import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { estimateTokens } from "../../../server/documents/token-estimate.ts";
import { textAt } from "../../../server/documents/read-place.ts";

async function read(path: string, source: string) {
  const result = await readDocument(path, Buffer.from(source));
  if (!result.ok) throw new Error(result.reason);
  const { document } = result;
  return { document, passages: passagesOf(document, { folder: "f", path, contentHash: "h" }) };
}

/** Enough statements that a definition is worth a passage of its own. */
const work = (statement: string): string => Array.from({ length: 24 }, () => statement).join("\n");

/** In each language: a function with a comment of its own before it, and a member of something, after other things. */
const samples: Record<string, { source: string; names: string[]; member: string[] }> = {
  "a.py": {
    source: `import os\n\n\n# Says when the dome opens.\n# At dusk.\n@cached\ndef open_dome(wind):\n    """Opens it."""\n${work("    wind = wind + 1")}\n    return wind\n\n\nclass Dome(Base):\n    """A dome."""\n\n    def close(self):\n        # Wind is high.\n${work("        self.gate = self.gate + 1")}\n\n    def turn(self):\n${work("        self.angle = self.angle + 1")}\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.ts": {
    source: `import x from "y";\n\n// Says when the dome opens.\nexport const open_dome = async (wind: number): Promise<void> => {\n${work("  wind = wind + 1;")}\n};\n\nexport class Dome {\n  close(): void {\n${work("    this.gate = this.gate + 1;")}\n  }\n\n  /** Turns. */\n  turn(): void {\n${work("    this.angle = this.angle + 1;")}\n  }\n}\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.go": {
    source: `package dome\n\n// Says when the dome opens.\nfunc open_dome(wind int) int {\n${work("\twind = wind + 1")}\n\treturn wind\n}\n\ntype Dome struct {\n\tgate int\n}\n\nfunc (d *Dome) turn() {\n${work("\td.gate = d.gate + 1")}\n}\n`,
    names: ["open_dome"],
    member: ["turn"],
  },
  "a.rs": {
    source: `use std::io;\n\n/// Says when the dome opens.\n#[inline]\npub fn open_dome(mut wind: u32) -> u32 {\n${work("    wind = wind + 1;")}\n    wind\n}\n\nimpl Turning for Dome {\n    fn close(&mut self) {\n${work("        self.gate = self.gate + 1;")}\n    }\n\n    fn turn(&mut self) {\n${work("        self.angle = self.angle + 1;")}\n    }\n}\n`,
    names: ["open_dome"],
    member: ["Turning for Dome", "turn"],
  },
  "a.cpp": {
    source: `#include <x>\n\n// Says when the dome opens.\ntemplate <typename T>\nstatic int *open_dome(T wind) {\n${work("  wind = wind + 1;")}\n  return 0;\n}\n\nclass Dome : Base {\n public:\n  void close() {\n${work("    gate = gate + 1;")}\n  }\n\n  void turn() {\n${work("    angle = angle + 1;")}\n  }\n};\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.java": {
    source: `package heron;\n\n/** Says when the dome opens. */\n@Cached\npublic class open_dome {\n  int gate;\n}\n\nclass Dome {\n  void close() {\n${work("    gate = gate + 1;")}\n  }\n\n  void turn() {\n${work("    angle = angle + 1;")}\n  }\n}\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.cs": {
    source: `using System;\n\nnamespace Heron\n{\n  // Says when the dome opens.\n  class open_dome\n  {\n    void Wait()\n    {\n${work("      gate = gate + 1;")}\n    }\n  }\n\n  class Dome\n  {\n    void close()\n    {\n${work("      gate = gate + 1;")}\n    }\n\n    void turn()\n    {\n${work("      angle = angle + 1;")}\n    }\n  }\n}\n`,
    names: ["Heron", "open_dome"],
    member: ["Heron", "Dome", "turn"],
  },
  "a.rb": {
    source: `require "x"\n\n# Says when the dome opens.\ndef open_dome(wind)\n${work("  wind = wind + 1")}\nend\n\nclass Dome < Base\n  def close\n${work("    @gate = @gate + 1")}\n  end\n\n  def turn\n${work("    @angle = @angle + 1")}\n  end\nend\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.php": {
    source: `<?php\nuse X;\n\n// Says when the dome opens.\nfunction open_dome($wind) {\n${work("  $wind = $wind + 1;")}\n}\n\nclass Dome {\n  function close() {\n${work("    $this->gate = 1;")}\n  }\n\n  function turn() {\n${work("    $this->angle = 1;")}\n  }\n}\n`,
    names: ["open_dome"],
    member: ["Dome", "turn"],
  },
  "a.sh": {
    source: `set -e\n\n# Says when the dome opens.\nopen_dome() {\n${work("  wind=$((wind + 1))")}\n}\n\nturn() {\n${work("  angle=$((angle + 1))")}\n}\n`,
    names: ["open_dome"],
    member: ["turn"],
  },
  "a.ps1": {
    source: `$x = 1\n\n# Says when the dome opens.\nfunction open_dome($wind) {\n${work("  $wind = $wind + 1")}\n}\n\nfunction turn {\n${work("  $angle = $angle + 1")}\n}\n`,
    names: ["open_dome"],
    member: ["turn"],
  },
};

describe("source code", () => {
  test.each(Object.keys(samples))("%s is read by its definitions, with the comments before them", async (path) => {
    const { source, names, member } = samples[path]!;
    const { document, passages } = await read(path, source);
    const [part] = document.parts;
    const said = part!.units.map(({ start, end, headings }) => ({ text: source.slice(start, end), headings }));
    const opens = said.find(({ text }) => text.includes("Says when the dome opens."))!;
    expect(opens.text).toContain("open_dome");
    expect(opens.headings).toEqual(names);
    expect(said.some(({ text, headings }) => text.includes("turn") && headings.join() === member.join())).toBe(true);
    for (const { text, place } of passages) expect(textAt(part!, place!)).toBe(text);
  });

  test("keeps every word of the project's own sources, in passages of a size the embedder reads, at their places", async () => {
    const folder = "server/documents";
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".ts"))) {
      const source = readFileSync(join(folder, name), "utf8");
      const { document, passages } = await read(name, source);
      for (const { text, place } of passages) {
        expect(textAt(document.parts[0]!, place!)).toBe(text);
        expect(estimateTokens(text)).toBeLessThanOrEqual(260);
      }
      const words = (text: string): string => (text.match(/[\p{L}\p{N}]+/gu) ?? []).join(" ");
      expect(words(passages.map(({ text }) => text).join("\n"))).toBe(words(source));
    }
  });

  test("holds its places whatever it is given", async () => {
    const piece = fc.constantFrom(
      ...[
        "def f(x):\n",
        "  return 1\n",
        "class A {",
        "}\n",
        "// 観測所 👩‍🚀\n",
        "# c\n",
        "\n\n",
        "function g() {",
        "'''",
        '"',
        "=>",
        ";",
        "\t",
      ],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("a.py", "a.ts", "a.cpp", "a.kt"),
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
        async (path, source) => {
          const { document, passages } = await read(path, source);
          for (const { text, place } of passages) expect(textAt(document.parts[0]!, place!)).toBe(text);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("of a language without a grammar is read as paragraphs", async () => {
    const { passages } = await read("a.kt", "// Says when\nfun openDome() {\n}\n\nfun turn() {\n}\n");
    expect(passages[0]!.text).toContain("fun openDome()");
  });

  test("that no person wrote is skipped", async () => {
    const minified = `!function(){${"a=b;".repeat(3_000)}}();\n`;
    expect(await readDocument("a.min.js", Buffer.from(minified))).toEqual({
      ok: false,
      reason: "minified or generated code",
    });
  });

  test("nested without end does not exhaust the reader", async () => {
    const { passages } = await read("a.ts", `${"class A { m() { ".repeat(4_000)}`.replace(/(.{200})/g, "$1\n"));
    expect(passages.length).toBeGreaterThan(0);
  });
});
