import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ulid } from "ulid";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AnnotationChange } from "../../../protocol/annotations.ts";
import type { StoredFilter } from "../../../protocol/stored-filter.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { loadLance } from "../../../server/lance.ts";
import { storeAnnotations } from "../../../server/trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../../../server/trajectories/annotations/subject.ts";
import { openTrajectoryStore, type TrajectoryStore } from "../../../server/trajectories/store.ts";
import { summarise } from "../../../server/trajectories/summary.ts";
import { rolloutGroups } from "../../fixtures/rollout-groups.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let home: string;
let store: TrajectoryStore;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "stored-"));
  store = await openTrajectoryStore(home);
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const found = async (filter: StoredFilter): Promise<string[]> =>
  (await store.list(1000, filter)).map(({ id }) => id).sort();

function asked(at: number, question: string, of: Partial<Trajectory> = {}): Trajectory {
  return sampleTrajectory({ id: ulid(at), question, ...of });
}

test("stored trajectories are chosen by step, prompt, reward, rule, stop reason and number of searches", async () => {
  const groups = rolloutGroups({ steps: 2, prompts: 2, samples: 4 });
  for (const trajectory of groups) await store.add(trajectory);
  const expected = (holds: (trajectory: Trajectory) => boolean): string[] =>
    groups
      .filter(holds)
      .map(({ id }) => id)
      .sort();
  const rules = ({ reward }: Trajectory): string[] =>
    reward!.components.flatMap(({ violations }) => violations.map(({ rule }) => rule));
  const [sample] = groups;
  const { group } = sample!.training!;
  const rule = groups.flatMap(rules)[0]!;
  expect(await found({})).toEqual(expected(() => true));
  expect(await found({ step: 1 })).toEqual(expected(({ training }) => training!.step === 1));
  expect(await found({ prompt: group!, step: 0 })).toEqual(
    expected(({ training }) => training!.group === group && training!.step === 0),
  );
  expect(await found({ least: 0.5 })).toEqual(expected(({ reward }) => reward!.total >= 0.5));
  expect(await found({ most: 1e-7 })).toEqual(expected(({ reward }) => reward!.total <= 1e-7));
  expect(await found({ rule })).toEqual(expected((each) => rules(each).includes(rule)));
  expect(await found({ stop: sample!.stop!.reason, searches: sample!.searches.length })).toEqual(
    expected(
      ({ stop, searches }) => stop!.reason === sample!.stop!.reason && searches.length === sample!.searches.length,
    ),
  );
  expect(await found({ policy: sample!.policy.id, profile: sample!.profile })).toEqual(
    expected(({ policy, profile }) => policy.id === sample!.policy.id && profile === sample!.profile),
  );
  expect(await found({ stop: "' OR 1=1 --" })).toEqual([]);
  const latest = groups
    .map(({ id }) => id)
    .sort()
    .reverse();
  expect((await store.list(4)).map(({ id }) => id)).toEqual(latest.slice(0, 4));
});

test("stored trajectories are chosen by a component of the reward and its points, also one that runs", async () => {
  const groups = rolloutGroups({ steps: 1, prompts: 2, samples: 4 });
  const other = { name: 'it\'s "other"', value: 2, weight: 0.5, violations: [] };
  const twice = { ...other, value: 9 };
  groups[2]!.reward!.components.unshift(other, twice);
  for (const trajectory of groups) await store.add(trajectory);
  await store.add(asked(1, "Without a reward?"));
  const running = asked(2, "Still running?", { status: "running", reward: groups[2]!.reward! });
  store.record(running.id).append({ type: "snapshot", trajectory: running });
  const pointsOf = ({ reward }: Trajectory, name: string): number | undefined => {
    const component = reward?.components.find((each) => each.name === name);
    return component && component.value * component.weight;
  };
  const expected = (name: string, holds: (points: number) => boolean): string[] =>
    [...groups, running]
      .filter((each) => {
        const points = pointsOf(each, name);
        return points !== undefined && holds(points);
      })
      .map(({ id }) => id)
      .sort();
  expect(await found({ component: other.name })).toEqual([groups[2]!.id, running.id].sort());
  expect(await found({ component: other.name, least: 1, most: 1 })).toEqual([groups[2]!.id, running.id].sort());
  expect(await found({ component: other.name, least: 1.01 })).toEqual([]);
  expect(await found({ component: "format", most: -0.5 })).toEqual(expected("format", (points) => points <= -0.5));
  expect(await found({ component: "format", least: 0 })).toEqual(expected("format", (points) => points >= 0));
  expect(await found({ component: "format" })).toHaveLength(9);
  expect(await found({ component: "nobody" })).toEqual([]);
  expect(await found({ component: "nobody", least: -100 })).toEqual([]);
});

test("stored trajectories are chosen by tag and by what is said of them, together with all else", async () => {
  const all = Array.from({ length: 6 }, (_, at) => asked(at + 1, `Which lamp is number ${at}?`));
  for (const trajectory of all) await store.add(trajectory);
  const notes = storeAnnotations(home);
  const say = (at: number, change: AnnotationChange): unknown => notes.add(subjectOf(all[at]!), change);
  say(0, { kind: "tag", tag: "for the paper", on: true });
  say(1, { kind: "tag", tag: "for the paper", on: true });
  say(1, { kind: "exclude", on: true });
  say(2, { kind: "note", text: "look again" });
  say(3, { kind: "tag", tag: "taken back", on: true });
  say(3, { kind: "tag", tag: "taken back", on: false });
  const ids = (...places: number[]): string[] => places.map((at) => all[at]!.id).sort();
  expect(await found({ tag: "for the paper" })).toEqual(ids(0, 1));
  expect(await found({ tag: "for the paper", marked: "included" })).toEqual(ids(0));
  expect(await found({ tag: "for the paper", text: '"number 1"' })).toEqual(ids(1));
  expect(await found({ marked: "excluded" })).toEqual(ids(1));
  expect(await found({ marked: "included" })).toEqual(ids(0, 2, 3, 4, 5));
  expect(await found({ marked: "noted" })).toEqual(ids(2));
  expect(await found({ tag: "taken back" })).toEqual([]);
  expect(await found({ tag: "nobody's" })).toEqual([]);
  // Another window says something later.
  storeAnnotations(home).add(subjectOf(all[5]!), { kind: "tag", tag: "for the paper", on: true });
  expect(await found({ tag: "for the paper" })).toEqual(ids(0, 1, 5));
});

test("a tag of more trajectories than one query names is found whole", async () => {
  const all = rolloutGroups({ steps: 1, prompts: 1, samples: 3 });
  for (const trajectory of all) await store.add(trajectory);
  const notes = storeAnnotations(home);
  const lines = Array.from({ length: 700 }, (_, at) => ulid(at + 1));
  const tagged = [...lines, all[0]!.id, all[2]!.id];
  const at = new Date(0).toISOString();
  const change = { kind: "tag", tag: "many", on: true };
  writeFileSync(
    notes.path,
    tagged.map((subject, n) => `${JSON.stringify({ version: 1, id: ulid(n), at, subject, change })}\n`).join(""),
  );
  expect(await found({ tag: "many" })).toEqual([all[0]!.id, all[2]!.id].sort());
});

test("texts are found as a file of trajectories finds them: words in any order, phrases, beginnings, scripts without spaces", async () => {
  const long = "x".repeat(300);
  const questions = [
    "Which valve is the FW-2 fitted with?",
    "Who fitted the valve at the café “Größe”?",
    "検索エンジンはどこですか",
    `Where is ${long}end kept?`,
    "It's \"quoted\"; DROP 'it' \\ %_",
  ];
  const all = questions.map((question, at) => asked(at + 1, question));
  for (const trajectory of all) await store.add(trajectory);
  const ids = (...places: number[]): string[] => places.map((at) => all[at]!.id).sort();
  const cases: [text: string, places: number[]][] = [
    ["fitted valve", [0, 1]],
    ['"valve is"', [0]],
    ["fw 2", [0]],
    ["cafe grosse", []],
    ["CAFE größe", [1]],
    ["fitt", [0, 1]],
    ['"fitt"', []],
    ["エンジン", [2]],
    [`${long}end`, [3]],
    [long, [3]],
    ["drop 'it'", [4]],
    ["%_", [4]],
    ["\\", [4]],
    ["nothing of this", []],
  ];
  for (const [text, places] of cases) expect([text, await found({ text })]).toEqual([text, ids(...places)]);
  expect(await found({ text: "valve", searches: 99 })).toEqual([]);
});

test("a question that runs is found as well, and so is what another window added", async () => {
  const running = asked(1, "How warm is the observatory?", { status: "running" });
  const record = store.record(running.id);
  record.append({ type: "snapshot", trajectory: running });
  expect(await found({ text: "observatory warm" })).toEqual([running.id]);
  expect(await found({ text: "cold" })).toEqual([]);
  const other = await openTrajectoryStore(home);
  const later = asked(2, "How cold is the observatory?");
  await other.add(later);
  other.close();
  expect(await found({ text: "cold" })).toEqual([later.id]);
  await record.finish({ ...running, status: "done" });
  expect(await found({ text: "observatory" })).toEqual([running.id, later.id].sort());
});

test("a table of before these columns is filled in, and no record of it changes", async () => {
  const load = await loadLance();
  if (!load.ok) return;
  store.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  const old = Array.from({ length: 230 }, (_, at) => asked(at + 1, `Which lamp is number ${at}?`));
  const rows = old.map((each) => ({
    id: each.id,
    summary: JSON.stringify(summarise(each)),
    record: JSON.stringify(each),
  }));
  const damaged = { id: ulid(9_000), summary: "{", record: '{"segments": 7' };
  const connection = await load.lance.connect(join(home, "table"));
  (await connection.createTable("trajectories", [...rows.slice(0, 7), damaged, ...rows.slice(7)])).close();
  store = await openTrajectoryStore(home);
  expect(await found({ text: '"lamp is number 17"' })).toEqual([old[17]!.id]);
  expect(await found({ policy: old[0]!.policy.id })).toHaveLength(230);
  expect(await found({ component: "format" })).toEqual([]);
  expect(await store.get(old[229]!.id)).toEqual(old[229]);
  const table = await connection.openTable("trajectories");
  const kept = await table.query().select(["id", "summary", "record"]).toArray();
  const given = new Map([...rows, damaged].map((row) => [row.id, row]));
  expect(kept).toHaveLength(231);
  for (const { id, summary, record } of kept) expect({ id, summary, record }).toEqual(given.get(String(id)));
  table.close();
});

test("every column that is filtered has an index, and rows that it does not hold yet are found too", async () => {
  const load = await loadLance();
  if (!load.ok) return;
  await store.add(asked(1, "What is kept in the dome?"));
  const table = await (await load.lance.connect(join(home, "table"))).openTable("trajectories");
  const indices = await table.listIndices();
  expect(Object.fromEntries(indices.map(({ columns, indexType }) => [columns[0], indexType]))).toEqual({
    words: "FTS",
    id: "BTree",
    step: "BTree",
    prompt: "BTree",
    reward: "BTree",
    searches: "Bitmap",
    stop: "Bitmap",
    policy: "Bitmap",
    profile: "Bitmap",
    rules: "LabelList",
    components: "LabelList",
  });
  expect(await found({ text: '"the dome"' })).toHaveLength(1);
  await table.optimize();
  expect(await found({ text: '"the dome"' })).toHaveLength(1);
  table.close();
});

test("windows that open a store at the same time all search it", async () => {
  store.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  const stores = await Promise.all([1, 2, 3].map(() => openTrajectoryStore(home)));
  const trajectory = asked(1, "Where does the ridge road end?");
  await stores[0]!.add(trajectory);
  for (const each of stores)
    expect((await each.list(10, { text: '"ridge road"' })).map(({ id }) => id)).toEqual([trajectory.id]);
  for (const each of stores.slice(1)) each.close();
  store = stores[0]!;
});
