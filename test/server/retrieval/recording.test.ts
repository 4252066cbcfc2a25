import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import { RecordingError, recorded, replayed } from "../../../server/retrieval/recording.ts";
import type { Retriever, SearchOutcome } from "../../../server/retrieval/retriever.ts";
import { r1Searcher } from "../../../server/rollout/profiles/r1-searcher.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { functionRetriever, remotePassage } from "../../fixtures/retriever.ts";

const signal = new AbortController().signal;
let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-recording-"));
  file = join(home, "runs", "one.jsonl");
});
afterEach(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

const run = (retriever: Retriever) =>
  runRollout(
    {
      id: "01TEST",
      question: "Who?",
      profile: r1Searcher,
      policy: scriptedPolicy([
        { text: "I <|begin_of_query|>first", finish: { reason: "stop", stop: "<|end_of_query|>" } },
        { text: "II <|begin_of_query|>second", finish: { reason: "stop", stop: "<|end_of_query|>" } },
        { text: "</think><answer>x</answer>", finish: { reason: "end" } },
      ]),
      retriever,
    },
    { signal, onEvent: () => {} },
  );

test("a recording alone repeats a rollout: text, hits, searches and what was searched", async () => {
  const live = await run(
    recorded(
      {
        ...functionRetriever((query) => [remotePassage(`7\tabout ${query}`), remotePassage("b")]),
        id: "r1:http://far",
        folders: [{ id: "f", name: "Far" }],
      },
      file,
    ),
  );
  const again = await run(replayed(file));
  const { createdAt: _, usage: __, ...repeated } = again;
  const { createdAt: ___, usage: ____, ...first } = live;
  expect(first.text).toContain("about second");
  expect(repeated).toEqual(first);
});

test("a failure is repeated as the failure it was", async () => {
  const failing = functionRetriever((query) =>
    query === "second" ? { ok: false, error: { kind: "limit", message: "No more." } } : [remotePassage("a")],
  );
  const live = await run(recorded(failing, file));
  expect(live.stop).toEqual({ reason: "retrieval-error", detail: "No more." });
  expect((await run(replayed(file))).stop).toEqual(live.stop);
});

test("a query that was not recorded is an error of its own kind", async () => {
  await recorded(
    functionRetriever(() => [remotePassage("a")]),
    file,
  ).search(["dome"], 3, signal);
  const replay = replayed(file);
  expect(await replay.search([" dome "], 3, signal)).toMatchObject([{ ok: true }]);
  for (const [query, k] of [
    ["mirror", 3],
    ["dome", 4],
  ] as const) {
    expect(await replay.search([query], k, signal)).toMatchObject([
      { ok: false, error: { kind: "not-recorded", message: expect.stringContaining(query) as string } },
    ]);
  }
});

test("a query asked again gets its recorded answers in their order, then the last", async () => {
  const outcomes: (SearchOutcome | string)[] = [
    "one",
    { ok: false, error: { kind: "timeout", message: "late" } },
    "two",
  ];
  const live = recorded(
    functionRetriever((_, asked) => {
      const each = outcomes[asked]!;
      return typeof each === "string" ? [remotePassage(each)] : each;
    }),
    file,
  );
  for (let round = 0; round < 3; round++) await live.search(["q"], 1, signal);
  const replay = replayed(file);
  const seen = [];
  for (let round = 0; round < 4; round++) seen.push((await replay.search(["q"], 1, signal))[0]!);
  expect(seen.map((outcome) => (outcome.ok ? outcome.hits[0]!.passage.text : outcome.error.kind))).toEqual([
    "one",
    "timeout",
    "two",
    "two",
  ]);
});

test("a cancelled search is not recorded", async () => {
  await recorded(
    functionRetriever(() => ({ ok: false, error: { kind: "cancelled", message: "c" } })),
    file,
  ).search(["q"], 1, signal);
  expect(await replayed(file).search(["q"], 1, signal)).toMatchObject([{ error: { kind: "not-recorded" } }]);
});

test("a recording is never written over another", () => {
  recorded(
    functionRetriever(() => []),
    file,
  );
  const before = readFileSync(file, "utf8");
  expect(() =>
    recorded(
      functionRetriever(() => []),
      file,
    ),
  ).toThrow(RecordingError);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a recording that can no longer be written fails the run that was to be recorded", async () => {
  const retriever = recorded(
    functionRetriever(() => [remotePassage("a")]),
    file,
  );
  rmSync(join(home, "runs"), { recursive: true });
  writeFileSync(join(home, "runs"), "");
  expect(await retriever.search(["q"], 1, signal)).toMatchObject([{ ok: false, error: { kind: "unavailable" } }]);
});

test("half a last line is left out, any other damage is said with its line", async () => {
  await recorded(
    functionRetriever(() => [remotePassage("a")]),
    file,
  ).search(["q"], 1, signal);
  appendFileSync(file, '{"query":"r","k":1,"outc');
  expect(await replayed(file).search(["q"], 1, signal)).toMatchObject([{ ok: true }]);
  appendFileSync(file, "\n{}\n");
  expect(() => replayed(file)).toThrow(/line 3 is no recorded search/);
});

test.each(["", "{}", "no recording", '{"query":"q"}'])("a file that holds %j is no recording", (text) => {
  const other = join(home, "other.jsonl");
  writeFileSync(other, text);
  expect(() => replayed(other)).toThrow(/no recording of searches/);
  expect(() => replayed(join(home, "missing"))).toThrow(/does not exist; name a file that --record wrote/);
});
