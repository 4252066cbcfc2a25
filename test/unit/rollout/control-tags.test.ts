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
  "<seed:bos>",
  "<sop>",
];
/** Their spelling counts. */
const squareTags = [
  "[INST]",
  "[/INST]",
  "[SYSTEM_PROMPT]",
  "[/SYSTEM_PROMPT]",
  "[TOOL_CALLS]",
  "[TOOL_RESULTS]",
  "[THINK]",
  "[gMASK]",
];
/** Text in which tags, their look-alikes and pieces of both are likely to meet. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...tags, ...chatTags, ...squareTags),
      fc.constantFrom("‹", "›", "<", ">", "|", "‹think›", "<|x|>", "</", "⁅", "⁆", "[", "]", "⁅INST⁆", "INST", "｜"),
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
        for (const tag of squareTags) expect(safe.text).not.toContain(tag);
        expect(restore(safe.text)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("a long run of look-alike brackets is gone through once", () => {
    for (const bracket of ["‹", "⁅"]) {
      const text = bracket.repeat(1_000_000);
      expect(neutralise(text)).toEqual({ text, count: 0 });
      expect(restore(text)).toBe(text);
    }
  });

  test("what stands in square brackets otherwise is left as it is", () => {
    const text = "usage: tool [ARGS] [inst] [1] [think](notes.md) array[INST]X";
    expect(neutralise(text)).toEqual({ text: text.replace("[INST]", "⁅INST⁆"), count: 1 });
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
