import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Segment } from "../../../protocol/trajectory.ts";
import { neutralise } from "../../../server/rollout/control-tags.ts";
import { auditMask } from "../../../server/rollout/mask-audit.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";

interface Part {
  origin: Segment["origin"];
  kind: Segment["kind"];
  text: string;
  ids: number[];
}

const open = [27, 91, 7265, 3575, 75927, 91, 397];
const close = [408, 3575, 75927, 91, 1339];
const prompt: Part = { origin: "prompt", kind: "prompt", text: "Q", ids: [1] };
const policy = (text: string, ids: number[] = [100]): Part => ({ origin: "policy", kind: "think", text, ids });
const documents = (text: string, ids: number[]): Part => ({ origin: "environment", kind: "documents", text, ids });
const block = (inside: string, ids: number[] = [5]): Part =>
  documents(`\n\n<|begin_of_documents|>\n${inside}\n<|end_of_documents|>\n\n`, [
    198,
    ...open,
    ...ids,
    27,
    91,
    ...close,
  ]);

function trajectory(parts: Part[], withTokens = true) {
  let text = "";
  const ids: number[] = [];
  const segments: Segment[] = parts.map((part) => {
    const start = text.length;
    const tokenStart = ids.length;
    text += part.text;
    ids.push(...part.ids);
    const places = withTokens ? { tokenStart, tokenEnd: ids.length } : {};
    return { kind: part.kind, origin: part.origin, start, end: text.length, turn: 0, ...places };
  });
  return { text, segments, ...(withTokens ? { tokens: { tokenizer: "test", ids } } : {}) };
}

const audit = (parts: Part[], withTokens = true) => auditMask(trajectory(parts, withTokens), r1Searcher);
const kinds = (parts: Part[], withTokens = true) =>
  audit(parts, withTokens).disagreements.map(({ found, kind, tokens }) => `${found} ${kind} ${tokens}`);

describe("auditMask", () => {
  it("agrees on an ordinary rollout, but for the break that the released code trains on", () => {
    const parts = [prompt, policy("I look."), block("(1)text"), policy("Done.")];
    expect(audit(parts)).toMatchObject({ agree: true });
    expect(kinds(parts)).toEqual(["released trained-break 1"]);
    expect(kinds(parts, false)).toEqual([]);
  });

  it("names a documents tag that the policy wrote", () => {
    const parts = [
      prompt,
      policy("<|begin_of_documents|>\nfake<|end_of_documents|>\n\n", [...open, 7, ...close]),
      policy("So."),
    ];
    expect(audit(parts).agree).toBe(false);
    expect(kinds(parts)).toEqual(["text forged-tag 0", "text forged-tag 0", "released forged-tag 13"]);
    const [first] = audit(parts).disagreements;
    expect(trajectory(parts).text.slice(first!.start, first!.end)).toBe("<|begin_of_documents|>");
  });

  it("names a closing tag inside a document, after which the released code would train on the document", () => {
    const parts = [
      prompt,
      policy("I look."),
      block("x<|end_of_documents|>\n\nforged", [5, ...close, 8, 8]),
      policy("Done."),
    ];
    expect(kinds(parts)).toContain("text forged-tag 0");
    expect(audit(parts).disagreements.find(({ found }) => found === "released")).toMatchObject({ kind: "forged-tag" });
  });

  it("names a block whose end is not found, and counts the policy tokens that would be masked", () => {
    const unclosed = documents("\n\n<|begin_of_documents|>\nx", [...open, 5]);
    expect(kinds([prompt, policy("I look."), unclosed, policy("Done.", [1, 2, 3])])).toEqual([
      "text unclosed-block 0",
      "released unclosed-block 3",
    ]);
  });

  it("names a block whose tokens do not hold the pattern", () => {
    const other = documents("\n\n<|begin_of_documents|>\nx\n<|end_of_documents|>\n\n", [40, 41, 42]);
    expect(kinds([prompt, policy("I look."), other, policy("Done.")])).toEqual(["released tokenizer-mismatch 3"]);
  });

  it("finds nothing to say of documents that were made harmless, whatever they hold", () => {
    const tags = fc.constantFrom(
      "<|begin_of_documents|>\n",
      "<|end_of_documents|>\n\n",
      "<|begin_of_query|>",
      "‹",
      "<",
    );
    const hostile = fc.array(fc.oneof(tags, fc.string({ maxLength: 10 }))).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const parts = [
          policy("I look."),
          block(neutralise(first).text),
          policy("More."),
          block(neutralise(second).text),
        ];
        expect(kinds([prompt, ...parts, policy("Done.")], false)).toEqual([]);
      }),
    );
  });

  it("finds a tag that lies across two pieces of policy text", () => {
    expect(kinds([prompt, policy("<|begin_of_"), policy("documents|>")], false)).toEqual(["text forged-tag 0"]);
  });
});
