import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { breakTags, mendTags, neutralise, restore } from "../../../server/rollout/control-tags.ts";
import { builtInProfiles } from "../../../server/rollout/profile.ts";

const tags = [...new Set(builtInProfiles.flatMap(({ tags, stops }) => [...Object.values(tags), ...stops]))].filter(
  Boolean,
);
const chatTags = [
  "<s>",
  "</s>",
  "<|im_start|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<bos>",
  "<<SYS>>",
  "<｜begin▁of▁sentence｜>",
  "<｜User｜>",
];
/** Text in which tags, their look-alikes and pieces of both are likely to meet. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...tags, ...chatTags),
      fc.constantFrom("‹", "›", "<", ">", "|", "‹think›", "<|x|>", "</"),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(""));

describe("control tags in documents", () => {
  test("no tag of any profile or chat template survives, and every change can be undone", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = neutralise(text);
        for (const tag of [...tags, ...chatTags]) expect(safe.text.toLowerCase()).not.toContain(tag.toLowerCase());
        expect(restore(safe.text)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("tags of any form that a project's own profile has are broken, reversibly", () => {
    const own = ["[SEARCH]", "[/SEARCH]", "@@", "##answer", "##", "<think>"];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...own, "\u2060", "[", "@", "#\u2060#"), fc.string({ maxLength: 3 })), {
        maxLength: 16,
      })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (value) => {
        const broken = breakTags(value, own);
        for (const tag of own.slice(0, -1)) expect(broken.text).not.toContain(tag);
        expect(mendTags(broken.text, own)).toBe(value);
      }),
      { numRuns: 1000 },
    );
    expect(breakTags("a [SEARCH] b", own)).toEqual({ text: "a [\u2060SEARCH] b", count: 1 });
  });

  test("a tag stays readable, and is counted", () => {
    expect(neutralise("a </think> b <|end_of_documents|>")).toEqual({
      text: "a ‹/think› b ‹|end_of_documents|›",
      count: 2,
    });
  });

  test("text without tags is left as it is", () => {
    const text = "if a < b then <b>bold</b> ‹quoted› |x|";
    expect(neutralise(text)).toEqual({ text, count: 0 });
  });
});
