import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Hit } from "../../../protocol/passage.ts";
import { webProviders } from "../../../server/retrieval/web/providers.ts";
import { wireForms } from "../../../server/retrieval/wire/forms.ts";
import { stripRowNumber } from "../../../server/rollout/python-text.ts";

/** JSON that looks like a reply here and there: the fields that replies have, with anything in them. */
const names = fc.constantFrom(
  "answers",
  "result",
  "results",
  "organic",
  "web",
  "document",
  "contents",
  "score",
  "id",
  "title",
  "text",
  "url",
  "link",
  "type",
);
const { reply } = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string(), fc.constant("https://a.example/")),
  reply: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.array(tie("reply"), { maxLength: 3 }),
    fc.dictionary(names, tie("reply"), { maxKeys: 4 }),
  ),
}));

const passage = fc.record({
  id: fc.string({ minLength: 1 }),
  title: fc.string({ unit: "grapheme" }),
  text: fc.string({ unit: "grapheme" }),
});
const hitLists = fc.array(
  fc
    .array(passage, { maxLength: 4 })
    .map((passages) =>
      passages.map((each, index): Hit => ({ passage: each, rank: index + 1, score: 1 / (index + 1), matched: [] })),
    ),
  { minLength: 1, maxLength: 4 },
);
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe.each(wireForms)("the form $name", (form) => {
  test("reads any reply as lists of documents or as none of its own", () => {
    fc.assert(
      fc.property(reply, (value) => {
        for (const list of form.read(value) ?? []) {
          for (const { title, text, score } of list)
            expect([typeof title, typeof text, Number.isFinite(score ?? 0)]).toEqual(["string", "string", true]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("takes any body as a request within its limits or refuses it with a reason", () => {
    fc.assert(
      fc.property(reply, (value) => {
        for (const route of form.routes) {
          const read = route.read(value);
          if (read.ok) expect(read.asked.k).toBeGreaterThan(0);
          else expect(read.reason).not.toBe("");
        }
      }),
      { numRuns: 300 },
    );
  });

  test("reads what it writes: as many lists and documents, in order, with title and text", () => {
    const route = form.routes.find(({ path }) => path === form.path)!;
    fc.assert(
      fc.property(hitLists, (lists) => {
        const queries = lists.map((_, index) => `q${index}`);
        const read = route.read(overTheWire(form.body(queries, 5)));
        expect(read).toMatchObject({ ok: true, asked: { queries, k: 5 } });
        const written = overTheWire(route.write({ queries, k: 5, scores: form.name === "search-r1" }, lists));
        const documents = form.read(written)!;
        expect(documents.map((list) => list.length)).toEqual(lists.map((list) => list.length));
        for (const [index, list] of lists.entries()) {
          for (const [at, { passage: sent }] of list.entries()) {
            const received = documents[index]![at]!.text;
            expect(received.endsWith(sent.text)).toBe(true);
            expect(received).toContain(sent.title.replace(/\s+/g, " ").trim());
            if (form.name === "r1") expect(stripRowNumber(received).endsWith(sent.text.trimStart())).toBe(true);
          }
        }
      }),
    );
  });
});

test.each(webProviders)(
  "the provider $name reads any reply as results that a browser would open, or as none of its own",
  (provider) => {
    fc.assert(
      fc.property(reply, (value) => {
        for (const { url, title, snippet } of provider.read(value) ?? []) {
          expect(url).toMatch(/^https?:/i);
          expect([typeof title, typeof snippet]).toEqual(["string", "string"]);
        }
      }),
      { numRuns: 500 },
    );
  },
);
