import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { UnreadableFile } from "../../../server/evaluation/data-sets/file-records.ts";
import { readDataSet } from "../../../server/evaluation/data-sets/read-data-set.ts";
import { questionOf } from "../../../server/evaluation/data-sets/question-record.ts";
import { isSupport } from "../../../server/evaluation/data-sets/supports.ts";
import { hasReference, referenceFile } from "../../fixtures/golden.ts";
import { writeSearchR1Parquet } from "../../fixtures/parquet-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "data-sets-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Names say nothing of what a file holds: every form must be told by its content. */
function file(content: string | Buffer): string {
  const path = join(folder, `set-${files++}.dat`);
  writeFileSync(path, content);
  return path;
}
const lines = (...rows: unknown[]): string =>
  rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");

const asked = async (path: string) =>
  (await readDataSet(path)).questions.map(({ id, question, golds }) => ({ id, question, golds }));

describe("forms of question files", () => {
  test("JSON lines of the evaluation sets bring answers, supports and hops", async () => {
    const row = {
      id: "m1",
      question: "Where was the founder of Acme born?",
      answers: ["Rome", "Roma"],
      type: "2hop",
      supporting: ["Acme", "Ada"],
      supporting_ids: ["p-1", "p-2"],
      hops: [
        { question: "Acme >> founder", answer: "Ada", supporting_id: "p-1" },
        { question: "Where was #1 born?", answer: "Rome", supporting_id: "p-2" },
      ],
    };
    const { questions } = await readDataSet(file(lines(row)));
    expect(questions[0]).toMatchObject({
      golds: ["Rome", "Roma"],
      type: "2hop",
      supports: [
        { kind: "passage", id: "p-1" },
        { kind: "passage", id: "p-2" },
      ],
      hops: [{ passage: "p-1" }, { question: "Where was Ada born?", answer: "Rome", passage: "p-2" }],
    });
  });

  test("R1-Searcher's rows have a number and one answer, which may be a Boolean", async () => {
    const path = file(
      lines(
        { idx: 7, question: "Is it?", answer: true, gen_text_store: "" },
        { idx: 8, question: "Who?", answer: "Ada" },
      ),
    );
    expect(await asked(path)).toEqual([
      { id: "7", question: "Is it?", golds: ["True"] },
      { id: "8", question: "Who?", golds: ["Ada"] },
    ]);
  });

  test("Search-R1's rows keep the question in the prompt and the golds nested, in parquet as in JSON lines", async () => {
    const rows = [
      { question: "Who wrote it?", targets: ["Ada", "A. L."], index: 0 },
      { question: "Which Question: was asked?", targets: ["Both"], index: 1 },
      { question: "Where?", targets: ["Rome"], index: 2 },
    ];
    const path = join(folder, "rows.bin");
    writeSearchR1Parquet(path, rows);
    const expected = rows.map(({ question, targets, index }) => ({ id: `train_${index}`, question, golds: targets }));
    expect(await asked(path)).toEqual(expected);
    const jsonRows = rows.map(({ question, targets, index }) => ({
      prompt: [{ role: "user", content: `Answer the given question. Question: ${question}\n` }],
      reward_model: { style: "rule", ground_truth: { target: targets } },
      extra_info: { split: "train", index },
    }));
    expect(await asked(file(lines(...jsonRows)))).toEqual(expected);
  });

  test("tables by comma, semicolon or tab: quoted cells, JSON lists of answers, the line a record begins at", async () => {
    const csv = 'id,Question,answer\n\na,"Where, is\nit?",Rome\nb,"Who ""was"" it?","[""Ada"",""Lovelace""]"\n';
    const { questions } = await readDataSet(file(csv));
    expect(questions).toMatchObject([
      { id: "a", line: 3, question: "Where, is\nit?", golds: ["Rome"] },
      { id: "b", line: 5, question: 'Who "was" it?', golds: ["Ada", "Lovelace"] },
    ]);
    expect(await asked(file("question;answer\nWho?;Ada\n"))).toEqual([
      { id: "line-2", question: "Who?", golds: ["Ada"] },
    ]);
    expect(await asked(file("\ufeffquestion\tanswer\nWho?\tAda, B\n"))).toEqual([
      { id: "line-2", question: "Who?", golds: ["Ada, B"] },
    ]);
  });

  test("a JSON array, a byte order mark, and line separators of Unicode inside a question", async () => {
    expect(await asked(file('[{"question":"Who?","answer":1912}]'))).toEqual([
      { id: "line-1", question: "Who?", golds: ["1912"] },
    ]);
    expect(await asked(file(`\ufeff${lines({ id: "u", question: "One\u2028two?" })}`))).toEqual([
      { id: "u", question: "One\u2028two?", golds: [] },
    ]);
  });

  test("our own question files mark what cannot be answered and prove by lines", async () => {
    const { questions } = await readDataSet(join(import.meta.dirname, "../../../samples/observatory/questions.jsonl"));
    expect(questions).toHaveLength(60);
    expect(questions.filter(({ answerable }) => !answerable)).toHaveLength(15);
    expect(questions[0]!.supports[0]).toEqual({
      kind: "lines",
      path: "history/founding.md",
      startLine: 14,
      endLine: 14,
    });
  });

  test.skipIf(!hasReference("data/README.md"))("every published set is read without a bad record", async () => {
    const sets = {
      hotpotqa: 785,
      "2wikimultihopqa": 69,
      musique: 140,
      bamboogle: 80,
      "r1-searcher-eval": 1052,
      "r1-searcher-train": 5715,
      scifact: 797,
      "mtrag-un": 354,
      "chunking-eval": 309,
      "k8s-docs-qa": 437,
    };
    for (const [name, count] of Object.entries(sets)) {
      const { questions, bad } = await readDataSet(referenceFile(`data/${name}/questions.jsonl`));
      expect({ name, questions: questions.length, bad }).toEqual({ name, questions: count, bad: [] });
    }
  });
});

describe("records that cannot be read", () => {
  test("are told with line, field and reason, and leave the others", async () => {
    const path = file(
      lines(
        { id: "a", question: "Who?" },
        "{broken",
        { question: 7 },
        { id: "a", question: "Where?" },
        { id: "b", question: "When?", answers: ["x", {}] },
        { question: " " },
      ),
    );
    const { questions, bad } = await readDataSet(path);
    expect(questions.map(({ id }) => id)).toEqual(["a"]);
    expect(bad).toEqual([
      { line: 2, field: "the line", reason: "is no JSON" },
      { line: 3, field: "question", reason: "holds a number where a text is expected" },
      { line: 4, field: "id", reason: 'is "a", as on line 1' },
      { line: 5, field: "answers[1]", reason: "holds an object where a text is expected" },
      { line: 6, field: "question", reason: "is empty" },
    ]);
  });

  test("a question of ten megabytes is a bad record, not a question", async () => {
    const { bad } = await readDataSet(file(lines({ question: "x".repeat(10_000_000) })));
    expect(bad).toEqual([{ line: 1, field: "question", reason: "has 10000000 characters, more than 100000" }]);
  });

  test("a table row with too many cells is one bad record", async () => {
    const { questions, bad } = await readDataSet(file("question,answer\nWho?,Ada,too many\nWhere?,Rome\n"));
    expect(questions.map(({ question }) => question)).toEqual(["Where?"]);
    expect(bad).toMatchObject([{ line: 2, field: "the line" }]);
  });

  test("a file of no known form is refused in one sentence", async () => {
    await expect(readDataSet(file("just some text\nmore\n"))).rejects.toThrow(UnreadableFile);
    await expect(readDataSet(file("[1, 2"))).rejects.toThrow("begins as a JSON array and is none");
    await expect(readDataSet(file("PAR1 and then nothing"))).rejects.toThrow("cannot be read as one");
    expect((await readDataSet(file(""))).questions).toEqual([]);
  });

  test("no content makes the reader throw anything but its own refusal", async () => {
    const path = join(folder, "hostile");
    const start = fc.constantFrom("", "{", "[", "PAR1", "question,answer\n", '{"question":');
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
        writeFileSync(path, Buffer.concat([Buffer.from(head), tail]));
        await readDataSet(path).catch((error: unknown) => expect(error).toBeInstanceOf(UnreadableFile));
      }),
      { numRuns: 200 },
    );
  });

  test("any JSON value is read or refused with a field and a reason", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text) => JSON.parse(text) as unknown),
          fc.record(
            {
              question: fc.jsonValue(),
              answers: fc.jsonValue(),
              supporting: fc.jsonValue(),
              hops: fc.jsonValue(),
              id: fc.jsonValue(),
            },
            { requiredKeys: ["question"] },
          ),
        ),
        (data) => {
          const reading = questionOf(data, 3);
          if (reading.ok) expect(reading.question.question.trim()).not.toBe("");
          else expect(`${reading.field} ${reading.reason}`.length).toBeGreaterThan(3);
        },
      ),
    );
  });
});

describe("supports", () => {
  const place = { folder: "f", path: "guide/domes.md", startLine: 10, endLine: 20, headings: [], contentHash: "" };
  const passage = { id: "p", title: "The Dome", text: "It opens\nat dusk.", place };

  test("a passage is named by id, title, file, overlapping lines, or words it holds", () => {
    expect(isSupport(passage, { kind: "passage", id: "p" })).toBe(true);
    expect(isSupport(passage, { kind: "page", name: "the dome" })).toBe(true);
    expect(isSupport(passage, { kind: "page", name: "docs/guide/domes.md" })).toBe(true);
    expect(isSupport(passage, { kind: "page", name: "domes.md" })).toBe(true);
    expect(isSupport(passage, { kind: "page", name: "omes.md" })).toBe(false);
    expect(isSupport(passage, { kind: "lines", path: "guide/domes.md", startLine: 20, endLine: 30 })).toBe(true);
    expect(isSupport(passage, { kind: "lines", path: "guide/domes.md", startLine: 21, endLine: 30 })).toBe(false);
    expect(isSupport(passage, { kind: "quote", text: "opens at  dusk" })).toBe(true);
  });
});
