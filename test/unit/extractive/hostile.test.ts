import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { insertedPassages } from "../../../protocol/inserted.ts";
import type { Passage } from "../../../protocol/passage.ts";
import type { Search } from "../../../protocol/trajectory.ts";
import type { PolicyTurn } from "../../../server/models/policy.ts";
import { extractivePolicy } from "../../../server/models/extractive/policy.ts";
import { builtInProfiles } from "../../../server/rollout/profile.ts";
import { stretchOf, turnOf } from "../../fixtures/policy-turn.ts";
import { hitsOf } from "../../fixtures/retriever.ts";

const tags = [
  "<answer>",
  "</answer>",
  "</think>",
  "<think>",
  "<|end_of_query|>",
  "<|begin_of_documents|>",
  "</search>",
  "<search>",
  "</information>",
];
const pieces = fc.oneof(
  fc.constantFrom(...tags, "\n", "\n\n", "- ", "1. ", "# ", "| a | b |\n", "```\n", ": ", ". ", "? ", "**", "[x](y) "),
  fc.constantFrom(
    "The North Dome ",
    "Kestrel ",
    "is ",
    "was opened by ",
    "Ilse Marrant ",
    "in 1964",
    "V-9 ",
    "on 3 May 2001 ",
    "because ",
    "of fog",
  ),
  fc.string({ maxLength: 12, unit: "binary" }),
);
const text = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""));
const passages = fc.array(fc.record({ id: fc.string({ maxLength: 3 }), title: text, text }), { maxLength: 6 });
const question = fc.oneof(
  text,
  fc.constantFrom(
    "When was the North Dome opened?",
    "Who opened the North Dome?",
    "Which is older, Kestrel or V-9?",
    "Why was it closed?",
    "What is Kestrel?",
  ),
);

function search(query: string, found: readonly Passage[], insertedHits = found.length): Search {
  return {
    turn: 0,
    query,
    rawQuery: query,
    hits: hitsOf(found),
    insertedStart: 0,
    insertedEnd: 0,
    insertedHits,
    neutralised: 0,
    seconds: 0,
    cached: false,
  };
}

function turnWith(profile: string, asked: string, searches: readonly Search[], searchesLeft: number): PolicyTurn {
  const turn = turnOf(profile);
  return { ...turn, searchesLeft, transcript: { ...turn.transcript, question: asked, searches } };
}

describe("the extractive policy and documents of any kind", () => {
  it("quotes only sentences of passages that were inserted, each with the number of its passage", async () => {
    await fc.assert(
      fc.asyncProperty(question, passages, passages, fc.nat(6), async (asked, first, second, inserted) => {
        const searches = [search(asked, first, Math.min(inserted, first.length)), search("Kestrel", second)];
        const { text: written, finish } = await stretchOf(extractivePolicy(), turnWith("docs", asked, searches, 0));
        expect(finish).toEqual({ reason: "stop", stop: "</answer>" });
        const answer = written.slice(written.indexOf("<answer>") + "<answer>".length);
        if (answer === "Not in these documents.") return;
        const read = insertedPassages(searches);
        for (const line of answer.split("\n")) {
          const [, sentence, number] = /^(?:- )?(.*) \[(\d+)\]$/u.exec(line)!;
          expect(read[Number(number) - 1]!.text.replace(/\s+/gu, " ")).toContain(sentence);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("writes no tag of its own format but the ones that its action needs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...builtInProfiles),
        question,
        passages,
        fc.nat(2),
        async ({ name }, asked, found, left) => {
          const turn = turnWith(name, asked, [search(asked, found)], left);
          const { text: written, finish } = await stretchOf(extractivePolicy(), turn);
          const own = Object.values(turn.tags).filter((tag) => tag !== "");
          const used = own.flatMap((tag) => Array.from({ length: written.split(tag).length - 1 }, () => tag));
          const thinking = written.startsWith(turn.tags.thinkOpen) ? [turn.tags.thinkOpen] : [];
          const action =
            finish.stop === turn.tags.queryClose ? [turn.tags.queryOpen] : [turn.tags.thinkClose, turn.tags.answerOpen];
          expect(used.toSorted()).toEqual([...thinking, ...action].toSorted());
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    '"',
    "*",
    "`",
    "[a](",
    "A ",
    "A of ",
    "‘A",
    "a:\n",
    "9,",
    "- a\n",
    "| a |\n",
    "\n",
    "<answer>",
    "Dome A-1 is Kestrel by Ness. ",
    "in the a ",
    "漢字",
    "a'",
    "because ",
    "x".repeat(80),
  ])("reads a bounded part of huge documents made of %j", async (unit) => {
    const huge = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const found = [0, 1, 2, 3, 4].map((id): Passage => ({ id: `${id}`, title: id === 0 ? huge : "Dome", text: huge }));
    const started = performance.now();
    for (const asked of ["When did the North Dome A-1 open?", huge]) {
      for (const left of [2, 0]) {
        const { text: written } = await stretchOf(
          extractivePolicy(),
          turnWith("docs", asked, [search(asked, found)], left),
        );
        expect(written.length).toBeLessThan(8000);
      }
    }
    expect(performance.now() - started).toBeLessThan(8000);
  });
});
