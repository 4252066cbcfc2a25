import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AnnotationChange, annotationsPath } from "../../../protocol/annotations.ts";
import { AnnotationFile } from "../../../server/trajectories/annotations/annotation-file.ts";
import { excludedFrom } from "../../../server/trajectories/annotations/excluded.ts";
import { subjectOf } from "../../../server/trajectories/annotations/subject.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-notes-"));
  path = annotationsPath(join(folder, "run.trajectories.jsonl"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ours = "01JDX00000000000000000000A";

test("tags, notes and exclusion are kept as changes, and taken back by later ones", () => {
  const file = new AnnotationFile(path);
  file.add(ours, { kind: "tag", tag: "odd", on: true });
  file.add(ours, { kind: "tag", tag: "answer", on: true });
  file.add(ours, { kind: "exclude", on: true });
  const { notes } = file.add(ours, { kind: "note", text: "Look here.", span: { start: 3, end: 9 } });
  expect(file.of(ours)).toMatchObject({ tags: ["answer", "odd"], excluded: true });
  expect(notes).toMatchObject([{ text: "Look here.", span: { start: 3, end: 9 } }]);
  const { id } = notes[0]!;
  expect(file.add(ours, { kind: "note", note: id, text: "Look there." }).notes).toMatchObject([
    { id, text: "Look there.", span: { start: 3, end: 9 } },
  ]);
  file.add(ours, { kind: "tag", tag: "odd", on: false });
  file.add(ours, { kind: "note", note: id, text: "" });
  file.add(ours, { kind: "exclude", on: false });
  expect(file.of(ours)).toEqual({ tags: ["answer"], excluded: false, notes: [] });
  expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(8);
});

test("two windows write into one file, each reads what the other wrote, and both read it again in another life", () => {
  const [one, other] = [new AnnotationFile(path), new AnnotationFile(path)];
  one.add(ours, { kind: "tag", tag: "a", on: true });
  other.add("b#1", { kind: "tag", tag: "b", on: true });
  one.add("b#1", { kind: "tag", tag: "c", on: true });
  const { version } = other;
  other.refresh();
  expect(other.version).toBe(version + 1);
  expect(other.of("b#1").tags).toEqual(["b", "c"]);
  const again = new AnnotationFile(path);
  again.refresh();
  expect([again.of(ours).tags, again.of("b#1").tags]).toEqual([["a"], ["b", "c"]]);
});

test("a line that was cut off, that is none, or of a later version takes no other with it", () => {
  const file = new AnnotationFile(path);
  file.add(ours, { kind: "tag", tag: "kept", on: true });
  const whole = readFileSync(path, "utf8");
  appendFileSync(path, `null\n{"version":2,"future":true}\n["__proto__"]\n${whole.slice(0, 40)}`);
  expect(file.add(ours, { kind: "tag", tag: "after", on: true }).tags).toEqual(["after", "kept"]);
  expect(readFileSync(path, "utf8").endsWith("}\n")).toBe(true);
});

test("where a line cannot be read nobody says who is excluded, since the line may say it", () => {
  const file = join(folder, "run.trajectories.jsonl");
  const annotations = new AnnotationFile(path);
  annotations.add(ours, { kind: "exclude", on: true });
  expect(excludedFrom(file)({ id: ours, text: "" })).toBe(true);
  appendFileSync(path, '\n{"version":1,"id":"01JDX0');
  expect(() => excludedFrom(file)).toThrow(`Line 3 of ${path} cannot be read`);
  annotations.refresh();
  expect(annotations.of(ours).excluded).toBe(true);
});

test("what does not fit is refused before it is written", () => {
  const file = new AnnotationFile(path);
  for (const change of [
    { kind: "tag", tag: "  ", on: true },
    { kind: "tag", tag: "x".repeat(61), on: true },
    { kind: "note", text: "x".repeat(10_001) },
    { kind: "note", text: "x", span: { start: -1, end: 2 } },
    { kind: "other" },
  ])
    expect(AnnotationChange.safeParse(change).success).toBe(false);
  expect(() => file.add(ours, { kind: "tag", tag: "", on: true })).toThrow();
  expect(file.of(ours).tags).toEqual([]);
});

test("records of other programs are told apart by their text; ours by their id alone", () => {
  expect(subjectOf({ id: ours, text: "one" })).toBe(subjectOf({ id: ours, text: "two" }));
  expect(subjectOf({ id: "q1", text: "one" })).not.toBe(subjectOf({ id: "q1", text: "two" }));
  const file = join(folder, "run.trajectories.jsonl");
  writeFileSync(file, "");
  new AnnotationFile(path).add(subjectOf({ id: "q1", text: "one" }), { kind: "exclude", on: true });
  const excluded = excludedFrom(file);
  expect([excluded({ id: "q1", text: "one" }), excluded({ id: "q1", text: "two" })]).toEqual([true, false]);
});
