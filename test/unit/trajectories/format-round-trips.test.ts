import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { searchR1 } from "../../../server/rollout/profiles/search-r1.ts";
import { exportFormats } from "../../../server/trajectories/export/formats.ts";
import { writeTrajectories } from "../../../server/trajectories/export/write-trajectories.ts";
import { readTrajectories } from "../../../server/trajectories/import/read-trajectories.ts";
import { type Stretch, transcript } from "../../../server/trajectories/import/transcript.ts";
import { foreignRecords, trlRow } from "../../fixtures/foreign-records.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "format-round-trips-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function read(file: string): Promise<Trajectory[]> {
  const all: Trajectory[] = [];
  for await (const row of readTrajectories(file)) {
    if (!row.ok) throw new Error(`${row.line} ${row.field} ${row.reason}`);
    all.push(row.row.trajectory);
  }
  return all;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

/** Writes trajectories in a format and reads them again. */
async function through(name: string, trajectories: readonly Trajectory[], file = `${name}.out`): Promise<Trajectory[]> {
  const format = exportFormats.find((candidate) => candidate.name === name)!;
  const target = path.join(folder, file);
  const { written, refused } = await writeTrajectories(target, format, each(trajectories));
  expect({ written, refused }).toEqual({ written: trajectories.length, refused: [] });
  return read(target);
}

const word = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replace(/[<>|()]/gu, "x"));
const query = fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8}){0,2}$/u);
const decimal = fc.integer({ min: -8, max: 8 }).map((eighths) => eighths / 8 + 0);

/** A trajectory as a rollout of this profile writes it: a token is a UTF-16 unit. */
const rollout = fc
  .record({
    profile: fc.constantFrom(r1Searcher, searchR1),
    question: query,
    turns: fc.array(fc.record({ thought: word, query, document: word }), { maxLength: 3 }),
    end: word,
    answer: query,
    reward: decimal,
    component: decimal,
    advantage: decimal,
    step: fc.nat(1000),
  })
  .map(({ profile, question, turns, end, answer, reward, component, advantage, step }): Trajectory => {
    const { tags, insertion, prompt } = profile;
    const asked = (prompt.kind === "text" ? prompt.text : prompt.user).replace(/\{question\??\}/u, question);
    const texts: Pick<Stretch, "origin" | "text">[] = [{ origin: "prompt", text: asked }];
    for (const turn of turns) {
      texts.push({ origin: "policy", text: `${turn.thought}${tags.queryOpen} ${turn.query} ${tags.queryClose}` });
      texts.push({ origin: "environment", text: `${insertion.before}(1)${turn.document}\n${insertion.after}` });
    }
    const close = prompt.kind === "text" ? tags.thinkClose : "";
    texts.push({ origin: "policy", text: `${end}${close}${tags.answerOpen}${answer}${tags.answerClose}` });
    let at = 0;
    const stretches = texts.map(({ origin, text }): Stretch => {
      const start = at;
      at += text.length;
      return { origin, text, tokens: { start, end: at } };
    });
    const whole = texts.map(({ text }) => text).join("");
    const ids = Array.from({ length: whole.length }, (_, index) => whole.charCodeAt(index));
    const letters = { ids, text: (some: readonly number[]) => String.fromCharCode(...some) };
    const cut = transcript(stretches, { profile, joined: true, decode: letters });
    const masked = cut.segments.filter(({ origin }) => origin !== "policy");
    const sampled = ids.map((_, index) => !masked.some(({ start, end: stop }) => index >= start && index < stop));
    return sampleTrajectory({
      ...cut,
      question,
      golds: [answer, "another"],
      profile: profile.name,
      answer: { text: answer, abstained: false, sentences: [], citations: [], nearest: [] },
      tokens: { tokenizer: "letters", ids, logprobs: sampled.map((own) => (own ? -0.5 : null)) },
      reward: {
        profile: "paper-stage2",
        total: reward,
        components: [
          { name: "answer", value: reward - component, weight: 1, violations: [] },
          { name: "format", value: component / 2, weight: 2, violations: [] },
        ],
      },
      training: { step, advantage },
    });
  });

/** What every format with text can carry: the text, who wrote it, the queries. */
function spoken({ text, segments, searches, question }: Trajectory): unknown {
  return {
    text,
    question,
    segments: segments.map(({ kind, origin, start, end, turn }) => ({ kind, origin, start, end, turn })),
    searches: searches.map(({ turn, query: sent, rawQuery, insertedStart, insertedEnd }) => ({
      turn,
      sent,
      rawQuery,
      insertedStart,
      insertedEnd,
    })),
  };
}

const answerOf = ({ answer }: Trajectory): string | undefined => answer?.text;
const maskOf = ({ segments, tokens }: Trajectory): boolean[] | undefined => {
  const masked = segments.filter(({ origin }) => origin !== "policy");
  return tokens?.ids.map((_, at) => !masked.some(({ tokenStart, tokenEnd }) => at >= tokenStart! && at < tokenEnd!));
};

/** What a format carries beside, for trajectories of ours. */
const carried: Record<string, (trajectory: Trajectory) => unknown> = {
  verl: (t) => [spoken(t), t.golds, t.reward?.total, answerOf(t), t.training?.step],
  skyrl: (t) => [spoken(t), t.golds, t.reward?.total, answerOf(t)],
  trl: (t) => [spoken(t), t.golds, t.reward?.total, answerOf(t), t.training],
  atif: (t) => [
    spoken(t),
    t.golds,
    t.reward,
    answerOf(t),
    t.training,
    t.id,
    t.createdAt,
    t.policy,
    t.stop,
    t.tokens?.ids,
    t.tokens?.logprobs,
  ],
  inspect: (t) => [spoken(t), t.golds, t.reward, answerOf(t), t.training, t.id, t.createdAt, t.policy, t.stop],
  otel: (t) => [spoken(t), t.golds, t.reward, answerOf(t), t.training, t.id, t.createdAt, t.policy, t.stop],
  "prime-rl": (t) => [t.tokens?.ids, t.tokens?.logprobs, maskOf(t), t.reward?.total, t.training],
  tinker: (t) => [t.reward?.total, t.training?.step],
  searchlight: (t) => t,
};

describe("trajectories of ours through a format and back", () => {
  it.each(Object.entries(carried))("%s keeps what it can carry, and writes the same again", async (name, facts) => {
    await fc.assert(
      fc.asyncProperty(fc.array(rollout, { minLength: 1, maxLength: 3 }), async (trajectories) => {
        const once = await through(name, trajectories, "once");
        expect(once.map(facts)).toEqual(trajectories.map(facts));
        const twice = await through(name, once, "twice");
        expect(twice).toEqual(once.map((trajectory, at) => ({ ...trajectory, createdAt: twice[at]!.createdAt })));
      }),
      { numRuns: 40 },
    );
  });

  it("r1-searcher keeps the response without its prompt", async () => {
    await fc.assert(
      fc.asyncProperty(rollout, async (trajectory) => {
        const [back] = await through("r1-searcher", [trajectory]);
        const prompt = trajectory.segments[0]!.end;
        expect(back!.text).toBe(trajectory.text.slice(prompt));
        expect([back!.question, back!.golds, answerOf(back!)]).toEqual([
          trajectory.question,
          trajectory.golds,
          answerOf(trajectory),
        ]);
        expect(back!.searches.map(({ query: sent }) => sent)).toEqual(
          trajectory.searches.map(({ query: sent }) => sent),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("keeps a profile's violations at their places", async () => {
    const [trajectory] = fc.sample(rollout, { numRuns: 1, seed: 7 });
    const violation = { rule: "words", points: -2, start: 3, end: 9, message: "too long" };
    trajectory!.reward!.components[0]!.violations.push(violation);
    for (const name of ["atif", "inspect", "otel"]) {
      const [back] = await through(name, [trajectory!]);
      expect(back!.reward!.components[0]!.violations).toEqual([violation]);
    }
  });

  it("refuses what a format cannot hold, and writes the rest", async () => {
    const [whole] = fc.sample(rollout, { numRuns: 1, seed: 7 });
    const { tokens: _, ...bare } = { ...whole!, id: "bare" };
    const format = exportFormats.find(({ name }) => name === "prime-rl")!;
    const file = path.join(folder, "tokens.jsonl");
    const result = await writeTrajectories(file, format, each([bare, whole!]));
    expect(result).toEqual({ written: 1, refused: [{ id: "bare", reason: "it holds no token ids" }] });
    expect(await read(file)).toHaveLength(1);
  });

  it("leaves no half of a file where the trajectories break off", async () => {
    const format = exportFormats.find(({ name }) => name === "verl")!;
    const file = path.join(folder, "half.jsonl");
    await writeFile(file, "before");
    async function* broken(): AsyncGenerator<Trajectory> {
      yield await Promise.resolve(sampleTrajectory());
      throw new Error("broke off");
    }
    await expect(writeTrajectories(file, format, broken())).rejects.toThrow("broke off");
    expect(await readFile(file, "utf8")).toBe("before");
    await expect(readFile(`${file}.partial`)).rejects.toThrow("ENOENT");
  });
});

describe("records of other programs through Searchlight", () => {
  it.each(foreignRecords.filter(([format]) => format !== "trl"))(
    "%s comes out as it came in",
    async (format, record) => {
      const file = path.join(folder, "in");
      await writeFile(file, `${JSON.stringify(record)}\n`);
      const ours = await through("searchlight", await read(file));
      await through(format, ours);
      const written = JSON.parse(await readFile(path.join(folder, `${format}.out`), "utf8")) as unknown;
      if (format === "otel") {
        // Spans are put in order of their traces; none is lost or changed.
        const spans = (request: unknown): string[] =>
          (request as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] }).resourceSpans
            .flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map((span) => JSON.stringify(span))))
            .sort();
        expect(spans(written)).toEqual(spans(record));
      } else expect(written).toEqual(record);
    },
  );

  it("trl comes out with the columns it came in with", async () => {
    const [first] = await through("trl", await read(await lines(trlRow)));
    expect(first!.source!.extra).toEqual({
      mode: "train",
      accuracy_reward: 1,
      format_reward: 0.25,
      solution: "North dome",
      completion_length: 90,
    });
  });

  it("writes a record anew where its trajectory was changed since", async () => {
    const [, record] = foreignRecords.find(([format]) => format === "atif")!;
    const [trajectory] = await read(await lines(record));
    const [back] = await through("atif", [{ ...trajectory!, question: "Another?" }]);
    expect(back!.question).toBe("Another?");
    expect(spoken({ ...back!, question: "" })).toEqual(spoken({ ...trajectory!, question: "" }));
  });

  it("keeps a chat's words and their writers on the way from one format of chats to another", async () => {
    const [, record] = foreignRecords.find(([format]) => format === "inspect")!;
    const [trajectory] = await read(await lines(record));
    for (const name of ["otel", "atif", "inspect"]) {
      const [back] = await through(name, [{ ...trajectory!, source: { format: "other" } }]);
      expect(spoken(back!)).toEqual(spoken(trajectory!));
      expect(answerOf(back!)).toBe("North dome");
    }
  });

  async function lines(record: unknown): Promise<string> {
    const file = path.join(folder, "in.jsonl");
    await writeFile(file, `${JSON.stringify(record)}\n`);
    return file;
  }
});
