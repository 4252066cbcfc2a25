import { afterEach, describe, expect, test, vi } from "vitest";
import { askPrinter } from "../../../server/commands/ask-print.ts";
import { note } from "../../../server/commands/output.ts";
import { visible } from "../../../server/commands/visible-text.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const written = vi.hoisted(() => ({ text: "" }));
vi.mock("node:fs", async (original) => ({
  ...(await original<typeof import("node:fs")>()),
  writeSync(_: number, bytes: Buffer) {
    written.text += bytes.toString("utf8");
    return bytes.length;
  },
}));
afterEach(() => {
  written.text = "";
});

const hostile = "\u001b]0;owned\u0007 \u001b[2J \u009b31m \u202egnp.exe \u2066x";
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;

describe("text of documents and models on a terminal", () => {
  test.each([
    ["escape", "\u001b[31m", "\\u{1b}[31m"],
    ["direction", "\u202e", "\\u{202e}"],
    ["zero width", "a\u200bb\u2060c\u00add", "a\\u{200b}b\\u{2060}c\\u{ad}d"],
    ["tag characters, which spell out text that nobody sees", "\u{e0041}", "\\u{e0041}"],
    ["line separator", "\u2028", "\\u{2028}"],
  ])("%s shows as a code point", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test("line feeds, tabs, emoji and the joiners of scripts stay as they are", () => {
    const text = "a\n\tb 👩‍🚀 می‌خواهم";
    expect(visible(text)).toBe(text);
  });

  test("a notice that each search and the end give is told once", () => {
    const sample = sampleTrajectory();
    const printer = askPrinter();
    for (const message of ["Tags were made harmless.", "Tags were made harmless."])
      printer.event({ type: "notice", message });
    printer.finish({ ...sample, notices: ["Tags were made harmless.", "Vectors are missing."] });
    expect(written.text.split("Tags were made harmless.")).toHaveLength(2);
    expect(written.text).toContain("Vectors are missing.");
  });

  test("nothing of a trajectory or of a warning is obeyed by the terminal", () => {
    const sample = sampleTrajectory();
    const printer = askPrinter();
    printer.event({
      type: "snapshot",
      trajectory: { ...sample, question: hostile, policy: { ...sample.policy, label: hostile, chosen: hostile } },
    });
    printer.event({ type: "notice", message: hostile });
    const sentence = { text: hostile, citations: [], supported: false };
    printer.finish({
      ...sample,
      notices: [hostile],
      answer: { text: hostile, abstained: true, sentences: [sentence], citations: [], nearest: [], notice: hostile },
    });
    note(`The server said ${hostile}`);
    expect(written.text).toContain("\\u{1b}]0;owned\\u{7}");
    expect(written.text.replaceAll(/\u001b\[\d+m/gu, "")).not.toMatch(obeyed);
  });
});
