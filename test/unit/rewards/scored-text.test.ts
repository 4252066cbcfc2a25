import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { occurrences, outside, scoredText, type Span } from "../../../server/rewards/scored-text.ts";

const open = "<|begin_of_documents|>";
const close = "<|end_of_documents|>";
const wanted = [open, close, `${open}\n`, `${close}\n\n`, `${open}\n(1)`, "<think>", "</think>", "<answer>"];
const piece = fc.oneof(
  fc.constantFrom(...wanted, "<", ">", "<<", "<think", "think>", "\n", "(1)"),
  fc.string({ maxLength: 6 }),
);
const pieces = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(""));

/** Parts of a text with gaps between them, as the policy's spans have. */
const searched = fc.array(pieces, { minLength: 1, maxLength: 5 }).map((parts) => {
  let text = "";
  const spans: Span[] = [];
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) spans.push({ start: text.length, end: text.length + part.length });
    text += part;
  }
  return { text, spans };
});

const each = ({ text, spans }: { text: string; spans: readonly Span[] }): string[] =>
  spans.map(({ start, end }) => text.slice(start, end));

describe("tags in the text that rules may look at", () => {
  it("are counted as Python counts them, span by span", () => {
    fc.assert(
      fc.property(searched, fc.constantFrom(...wanted), (given, tag) => {
        const found = occurrences({ ...given }, tag);
        expect(found.length).toBe(each(given).reduce((sum, part) => sum + part.split(tag).length - 1, 0));
        for (const { start, end } of found) expect(given.text.slice(start, end)).toBe(tag);
      }),
      { numRuns: 1000 },
    );
  });

  it("hide what stands between an opening tag and the next closing one", () => {
    const hidden = /<\|begin_of_documents\|>[^]*?<\|end_of_documents\|>/gu;
    fc.assert(
      fc.property(searched, (given) => {
        const rest = outside({ ...given }, open, close);
        expect(each({ text: given.text, spans: rest }).join("")).toBe(
          each(given)
            .map((part) => part.replace(hidden, ""))
            .join(""),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("begin behind the last marker, wherever it stands", () => {
    const marker = "\nAssistant: <think>";
    const text = fc.array(
      fc.oneof(fc.constantFrom(marker, "Assistant: <think>", "<think>", "\nAssistant: "), fc.string({ maxLength: 4 })),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join("");
        const at = whole.lastIndexOf(marker);
        const scored = scoredText({ text: whole, segments: [] }, { scope: "response", responseMarker: marker });
        expect(scored.spans).toEqual([{ start: at < 0 ? 0 : at + marker.length, end: whole.length }]);
      }),
    );
  });
});
