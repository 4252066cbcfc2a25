import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import { builtInProfiles } from "../../../server/rollout/profile.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { searchR1 } from "../../../server/rollout/profiles/search-r1.ts";
import { importText } from "../../../server/trajectories/import-text.ts";

type Imported = ReturnType<typeof importText>;
const pieces = ({ text, segments }: Imported) =>
  segments.map(({ kind, origin, start, end }) => [origin, kind, text.slice(start, end)]);

const block = "\n\n<|begin_of_documents|>\n(1)A   one\n(2)B   two\n<|end_of_documents|>\n\n";

describe("importText", () => {
  it("cuts an R1-Searcher rollout by who wrote what", () => {
    const imported = importText(
      `I look. <|begin_of_query|> "a" b<|end_of_query|>${block}So.</think> <answer>x</answer>`,
      r1Searcher,
    );
    expect(pieces(imported)).toEqual([
      ["policy", "think", "I look. "],
      ["policy", "query", '<|begin_of_query|> "a" b<|end_of_query|>'],
      ["environment", "documents", block],
      ["policy", "think", "So.</think>"],
      ["policy", "other", " "],
      ["policy", "answer", "<answer>x</answer>"],
    ]);
    const [search] = imported.searches;
    expect(search).toMatchObject({ turn: 0, query: "a b", rawQuery: ' "a" b', insertedHits: 2 });
    expect(search!.hits.map(({ passage }) => [passage.title, passage.text])).toEqual([
      ["A", "one"],
      ["B", "two"],
    ]);
  });

  it("takes a documents block that no query asked for as the policy's own", () => {
    const imported = importText(`I know.${block}So.</think><answer>x</answer>`, r1Searcher);
    expect(imported.searches).toEqual([]);
    expect(imported.segments.every(({ origin }) => origin === "policy")).toBe(true);
  });

  it("finds the prompt of R1-Searcher and of Search-R1's chat template", () => {
    const own = importText("User:q\nAssistant: <think>hm</think>", r1Searcher);
    expect(pieces(own)[0]).toEqual(["prompt", "prompt", "User:q\nAssistant: <think>"]);
    const chat = importText("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n<think>hm</think>", searchR1);
    expect(pieces(chat)[1]).toEqual(["policy", "think", "<think>hm</think>"]);
  });

  it("does not take a marker inside a document for the end of the prompt", () => {
    const hostile = block.replace("one", "\nAssistant: <think>");
    const rest = `x<|begin_of_query|>q<|end_of_query|>${hostile}So.`;
    const prompt = "User:q\nAssistant: <think>";
    expect(importText(prompt + rest, r1Searcher).segments[0]).toMatchObject({ origin: "prompt", end: prompt.length });
    expect(importText(rest, r1Searcher).segments[0]).toMatchObject({ origin: "policy", start: 0 });
  });

  it("gives Search-R1's feedback on an invalid action to the environment", () => {
    const text = `<think>hm</think>${searchR1.invalidAction}<answer>x</answer>`;
    expect(pieces(importText(text, searchR1)).map(([origin, kind]) => `${origin} ${kind}`)).toEqual([
      "policy think",
      "environment other",
      "policy answer",
    ]);
  });

  it("gives a block that was cut off to the environment as far as it goes", () => {
    const imported = importText(
      "a<|begin_of_query|>q<|end_of_query|>\n\n<|begin_of_documents|>\n(1)A   on",
      r1Searcher,
    );
    expect(imported.segments.at(-1)).toMatchObject({ origin: "environment", end: imported.text.length });
  });

  it("does not cut a document at a numbered line of its own", () => {
    const inner = block.replace("one", "one\n(7)seven");
    const [search] = importText(`a<|begin_of_query|>q<|end_of_query|>${inner}`, r1Searcher).searches;
    expect(search!.hits.map(({ passage }) => passage.text)).toEqual(["one\n(7)seven", "two"]);
  });

  it("partitions any text, whatever tags it holds", () => {
    const tags = [...new Set(builtInProfiles.flatMap((profile) => Object.values(profile.tags)))].filter(Boolean);
    const texts = fc
      .array(
        fc.oneof(
          fc.constantFrom(...tags, "\n\n", "\nAssistant: <think>", searchR1.invalidAction!),
          fc.string({ maxLength: 8 }),
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, fc.constantFrom(...builtInProfiles), (text, profile) => {
        const imported = importText(text, profile);
        expect(partitionFault(imported.segments, text.length)).toBeUndefined();
        for (const { insertedStart, insertedEnd } of imported.searches) {
          expect(imported.segments).toContainEqual(
            expect.objectContaining({ origin: "environment", start: insertedStart, end: insertedEnd }),
          );
        }
      }),
    );
  });
});
