import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { auditCorpus } from "../../../server/evaluation/audit/audit-corpus.ts";
import { contamination } from "../../../server/evaluation/audit/contamination.ts";
import { GoldFinder, tellingGolds } from "../../../server/evaluation/audit/gold-finder.ts";
import type { EvaluationQuestion } from "../../../server/evaluation/data-sets/question.ts";
import { holdsGold } from "../../../server/evaluation/rollout-metrics.ts";
import { functionRetriever } from "../../fixtures/retriever.ts";

function question(id: string, text: string, fields: Partial<EvaluationQuestion> = {}): EvaluationQuestion {
  return {
    id,
    line: 1,
    question: text,
    golds: [],
    answerable: true,
    supports: [],
    answerBearing: [],
    hops: [],
    ...fields,
  };
}

const passages = [
  { id: "p1", title: "Acme", text: "Acme was founded by Ada Lovelace." },
  { id: "p2", title: "Ada Lovelace", text: "She was born in Rome." },
  { id: "p3", title: "Romeo", text: "A play." },
];
const never = new AbortController().signal;

describe("gold answers in a corpus", () => {
  test("are found as whole words, across case, punctuation and articles", () => {
    const finder = new GoldFinder(passages);
    expect(finder.holdsAny(tellingGolds(["The rome!"]))).toBe(true);
    expect(finder.holdsAny(tellingGolds(["Rom"]))).toBe(false);
    expect(finder.holdsAny(tellingGolds(["Lovelace Ada"]))).toBe(false);
    expect(tellingGolds(["Yes", "no", "The", "True", "1,000"])).toEqual(["1 000"]);
  });

  test("the index finds exactly what reading every passage finds", () => {
    const word = fc.constantFrom("ada", "rome", "born in", "a", "the", "Acme", "play,", "U.S.");
    const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), text, (texts, gold) => {
        const found = new GoldFinder(texts.map((each) => ({ title: "", text: each }))).holdsAny(tellingGolds([gold]));
        expect(found).toBe(texts.some((each) => holdsGold(each, [gold])));
      }),
    );
  });
});

describe("auditing a corpus", () => {
  const two = question("two", "Where was the founder of Acme born?", {
    golds: ["Rome"],
    supports: [
      { kind: "passage", id: "p1" },
      { kind: "passage", id: "p2" },
    ],
    hops: [
      { question: "founder of Acme", answer: "Ada Lovelace", passage: "p1" },
      { question: "birthplace of Ada Lovelace", answer: "Rome", passage: "p2" },
    ],
  });
  const absent = question("absent", "Who painted it?", { golds: ["Klimt"] });
  const closed = question("closed", "Is it open?", { golds: ["yes"] });

  test("says what stands in the corpus, in the top k of the question, and per hop", async () => {
    const retriever = functionRetriever((query) =>
      query.includes("birthplace") ? [passages[1]!] : query.includes("Acme") ? [passages[0]!, passages[1]!] : [],
    );
    const audit = await auditCorpus(
      { questions: [two, absent, closed], retriever, passages, k: 1 },
      never,
      () => undefined,
    );
    expect(audit).toMatchObject({
      goldInCorpus: { count: 1, of: 2 },
      goldInTopK: { count: 0, of: 2 },
      supportsInTopK: { count: 0, of: 1 },
      someSupportInTopK: { count: 1, of: 1 },
      supportsInCorpus: { count: 2, of: 2 },
      missing: ["absent"],
      failedSearches: 0,
    });
    expect(audit.hops).toMatchObject([
      {
        hop: 1,
        answerInCorpus: { count: 1, of: 1 },
        answerInTopK: { count: 1, of: 1 },
        passageInTopK: { count: 1, of: 1 },
      },
      { hop: 2, answerInTopK: { count: 1, of: 1 }, passageInTopK: { count: 1, of: 1 } },
    ]);
    expect(retriever.counts).toEqual([1, 1, 1, 1, 1]);
  });

  test("without the passages only the searches speak; failed ones are counted with their reason", async () => {
    const retriever = functionRetriever((query) =>
      query.includes("Acme")
        ? [passages[1]!]
        : { ok: false, error: { kind: "unavailable", message: "The server is gone." } },
    );
    const audit = await auditCorpus(
      { questions: [two, absent], retriever, passages: undefined, k: 5 },
      never,
      () => undefined,
    );
    expect(audit).toMatchObject({
      goldInCorpus: null,
      supportsInCorpus: null,
      goldInTopK: { count: 1, of: 2 },
      failedSearches: 2,
      failure: "The server is gone.",
      missing: [],
    });
  });

  test("a retriever that answers too few queries counts as failed, and a cancelled audit rejects", async () => {
    const short = { ...functionRetriever(() => []), search: () => Promise.resolve([]) };
    expect(
      (await auditCorpus({ questions: [absent], retriever: short, passages, k: 5 }, never, () => undefined))
        .failedSearches,
    ).toBe(1);
    const stop = new AbortController();
    const stopping = functionRetriever(() => (stop.abort(new Error("stopped")), []));
    await expect(
      auditCorpus({ questions: [absent, two], retriever: stopping, passages, k: 5 }, stop.signal, () => undefined),
    ).rejects.toThrow("stopped");
  });
});

describe("questions that two sets share", () => {
  const train = [
    question("t1", "Who wrote the Great Song of 1912?", { golds: ["Ada"] }),
    question("t2", "Which river flows through the old town of Acme in winter and in summer?"),
  ];

  test("are found word for word across case, articles and punctuation, with whether the answer is the same", () => {
    const found = contamination([question("a", "who wrote great song of 1912", { golds: ["ada"] })], train);
    expect(found).toMatchObject([{ id: "a", other: { id: "t1" }, exact: true, overlap: 1, sameAnswer: true }]);
  });

  test("are found nearly word for word, and not where they only share some words", () => {
    const near = contamination(
      [question("b", "Which river flows through the old town of Acme in winter and summer, please?")],
      train,
    );
    expect(near).toMatchObject([{ other: { id: "t2" }, exact: false, sameAnswer: false }]);
    expect(near[0]!.overlap).toBeGreaterThan(0.8);
    expect(contamination([question("c", "Who wrote the short letter of 1913?")], train)).toEqual([]);
  });
});
