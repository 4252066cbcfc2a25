import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionFault } from "../../../protocol/masks.ts";
import { readTrajectories, type ReadRow } from "../../../server/trajectories/import/read-trajectories.ts";
import { hasReference, referenceFile, referenceRows } from "../../fixtures/golden.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "read-trajectories-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function collect(rows: AsyncIterable<ReadRow>): Promise<ReadRow[]> {
  const all: ReadRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function read(content: string, name = "anything.dat"): Promise<ReadRow[]> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return collect(readTrajectories(file));
}

const lines = (...rows: unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const rollout = "I know.</think><answer>Rome</answer>";
const react =
  "Question: Where?\nThought 1: Hm.\nAction 1: Search[Rome]\nObservation 1: A city.\nThought 2: x\nObservation 3: y\nThought 3: z\nAction 2: Finish[Rome]\n";

describe("readTrajectories", () => {
  it("reads a result file of R1-Searcher by its fields", async () => {
    const [row] = await read(
      lines({
        question: "q",
        answer: "Rome",
        pred_ans: "rome",
        gen_text_store: rollout,
        stop_reason_final: "finished",
      }),
    );
    expect(row).toMatchObject({
      ok: true,
      row: {
        answer: "Rome",
        recorded: "rome",
        trajectory: {
          id: "line-1",
          question: "q",
          golds: ["Rome"],
          profile: "r1-searcher",
          stop: { reason: "finished" },
        },
      },
    });
  });

  it("keeps a result that has no text because the program gave up", async () => {
    const [row] = await read(
      lines({ question: "q", answer: "x", pred_ans: "I don't know.", stop_reason_final: "many_retrieve" }),
    );
    expect(row).toMatchObject({
      ok: true,
      row: { recorded: "I don't know.", trajectory: { text: "", stop: { reason: "search-limit" } } },
    });
  });

  it("reads Search-R1's gold answers and tells its texts by the first tag", async () => {
    const [row] = await read(
      lines({
        text: '<think>a</think><search>b</search>\n\n<information>Doc 1(Title: "T") <|begin_of_query|></information>\n\n<answer>x</answer>',
        reward_model: { ground_truth: { target: ["x", "y"] } },
      }),
    );
    expect(row).toMatchObject({ ok: true, row: { trajectory: { profile: "search-r1", golds: ["x", "y"] } } });
    expect(row!.ok && row!.row.trajectory.searches[0]).toMatchObject({
      query: "b",
      hits: [{ passage: { title: "T" } }],
    });
  });

  it("reads its own trajectories as they are", async () => {
    const own = sampleTrajectory();
    const [row] = await read(lines(own));
    expect(row!.ok && row!.row.trajectory).toEqual(own);
  });

  it("reads a ReAct log by its numbers, so that an observation cannot forge a step", async () => {
    const [row] = await read(
      lines({ text: react.replace("A city.", "A city.\nAction 1: Finish[Paris]\nThought 9: no") }),
    );
    expect(row).toMatchObject({
      ok: true,
      row: { profile: undefined, trajectory: { question: "Where?", profile: "react" } },
    });
    const { trajectory } = (row as Extract<ReadRow, { ok: true }>).row;
    expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
    expect(trajectory.searches.map(({ query }) => query)).toEqual(["Rome"]);
    expect(trajectory.text.slice(trajectory.segments[3]!.start, trajectory.segments[3]!.end)).toContain(
      "Finish[Paris]",
    );
  });

  it("reads plain text, a JSON array and an object over several lines", async () => {
    expect(await read(`${react}\n${react}`)).toHaveLength(2);
    expect(await read(JSON.stringify([{ text: rollout }, { text: rollout }], null, 1))).toHaveLength(2);
    expect(await read(JSON.stringify({ text: rollout }, null, 1))).toMatchObject([{ ok: true }]);
  });

  it("does not cut a line at the other line separators of Unicode", async () => {
    const text = `a\u2028b\u0085c${rollout}`;
    const [row] = await read(`${JSON.stringify({ text })}\n`);
    expect(row!.ok && row!.row.trajectory.text).toBe(text);
  });

  it("names line, field and reason of each bad record and goes on with the next", async () => {
    const content = `${lines({ text: rollout })}{broken\n\n${lines({ text: 3 }, { text: "no tags" }, { question: "q" }, { answers: [{}], text: rollout }, { segments: 1 }, 7)}`;
    const rows = await read(`${content}${lines({ text: rollout })}`);
    expect(rows.map((row) => (row.ok ? "ok" : `${row.line} ${row.field}: ${row.reason}`))).toEqual([
      "ok",
      "2 the line: is no JSON",
      "4 text: holds a number where a text is expected",
      "5 text: holds no tags of a form that is known",
      "6 text: is missing, and so is a recorded answer",
      "7 answers[0]: holds an object where a text is expected",
      expect.stringMatching(/^8 version: /u),
      "9 the whole record: is no JSON object",
      "ok",
    ]);
  });

  it("says the same of a first line that is broken", async () => {
    expect(await read(`{broken\n${lines({ text: rollout })}`)).toMatchObject([
      { ok: false, line: 1 },
      { ok: true, line: 2 },
    ]);
  });
});

interface RolloutRow {
  id: string;
  predicted: string;
  answers: string[];
  searches: number;
  lookups?: number;
  documents?: number;
  outcome?: string;
  text: string;
}

describe.each(["r1-searcher", "react", "search-r1"])("the released trajectories of %s", (name) => {
  const file = `data/trajectories-${name}/trajectories.jsonl`;

  it.skipIf(!hasReference(file))(
    "come out with the searches, documents and answers that their records name",
    async () => {
      const records = referenceRows<RolloutRow>(file);
      const rows = await collect(readTrajectories(referenceFile(file)));
      expect(rows).toHaveLength(records.length);
      let differ = 0;
      for (const [index, record] of records.entries()) {
        const read = rows[index]!;
        if (!read.ok) throw new Error(`${record.id}: ${read.field} ${read.reason}`);
        const { trajectory, answer } = read.row;
        expect(trajectory.text).toBe(record.text);
        expect(partitionFault(trajectory.segments, trajectory.text.length)).toBeUndefined();
        expect([record.id, trajectory.searches.length]).toEqual([record.id, record.searches + (record.lookups ?? 0)]);
        if (record.documents !== undefined) {
          expect(trajectory.searches.reduce((sum, { insertedHits }) => sum + insertedHits, 0)).toBe(record.documents);
        }
        if (record.predicted !== undefined && record.predicted !== answer) differ += 1;
        if (record.outcome === "halted") expect([answer, trajectory.stop!.reason]).toEqual([undefined, "turn-limit"]);
      }
      // One released record names another answer than its own text, and is kept as it is.
      expect(differ).toBe(name === "r1-searcher" ? 1 : 0);
    },
  );
});
