import fc from "fast-check";
import { expect, test } from "vitest";
import { ChatText } from "../../../server/models/chat-text.ts";
import { turnOf } from "../../fixtures/policy-turn.ts";

const turn = turnOf("docs");

function join(pieces: readonly (readonly [reasoning: string, content: string])[]): string {
  const chat = new ChatText(turn);
  return pieces.map(([reasoning, content]) => chat.add(reasoning, content)).join("") + chat.end();
}

/** A text and places to cut it at. */
const cutText = fc
  .array(fc.constantFrom("<think>", "</think>", "<thi", "nk>", "<", "\n", " ", "I look it up.", "<answer>", "🔭"), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""))
  .chain((text) => fc.tuple(fc.constant(text), fc.uniqueArray(fc.nat(text.length), { maxLength: 6 })));

function cut([text, places]: readonly [string, readonly number[]]): string[] {
  const ends = [...places, 0, text.length].sort((a, b) => a - b);
  return ends.slice(1).map((end, index) => text.slice(ends[index], end));
}

test("the joined text does not depend on how the reply was cut into chunks", () => {
  fc.assert(
    fc.property(cutText, cutText, (reasoning, content) => {
      const whole = join([
        [reasoning[0], ""],
        ["", content[0]],
      ]);
      const pieces = [
        ...cut(reasoning).map((text) => [text, ""] as const),
        ...cut(content).map((text) => ["", text] as const),
      ];
      expect(join(pieces)).toBe(whole);
    }),
  );
});

test("without reasoning a reply is kept whole, but for the echo of the think tag", () => {
  fc.assert(
    fc.property(cutText, (content) => {
      const [text] = content;
      const expected = text.trimStart().startsWith("<think>") ? text.trimStart().slice("<think>".length) : text;
      expect(join(cut(content).map((piece) => ["", piece] as const))).toBe(expected);
    }),
  );
});

test("reasoning that comes back after text is opened as thinking of its own", () => {
  expect(
    join([
      ["one", ""],
      ["", "two"],
      ["three", ""],
      ["", "four"],
    ]),
  ).toBe("one</think>two<think>three</think>four");
});
