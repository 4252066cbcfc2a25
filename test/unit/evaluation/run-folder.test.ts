import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { differences, hashOf } from "../../../server/evaluation/runs/manifest.ts";
import { RunFolderError, openRunFolder, readRun } from "../../../server/evaluation/runs/run-folder.ts";
import { sampleManifest, sampleRow } from "../../fixtures/evaluation-rows.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

const home = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(home, { recursive: true }));
let runs = 0;
const place = (): string => join(home, `run-${runs++}`);

function filled(path: string, count: number): void {
  const folder = openRunFolder(path, sampleManifest());
  for (let index = 0; index < count; index += 1)
    folder.append(sampleRow(`q${index}`, index % 2 === 0), sampleTrajectory());
  folder.close();
}

describe("a result folder", () => {
  test("has every appended row on disk at once, with its trajectory before it", () => {
    const path = place();
    const folder = openRunFolder(path, sampleManifest());
    const trajectory = sampleTrajectory();
    folder.append(sampleRow("q0", true, { trajectory: trajectory.id }), trajectory);
    expect(readRun(path).rows).toMatchObject([{ id: "q0", trajectory: trajectory.id }]);
    expect(JSON.parse(readFileSync(join(path, "trajectories.jsonl"), "utf8"))).toEqual(trajectory);
    folder.close();
  });

  test("goes on after any cut of its rows: whole rows stay, the torn one is asked again, the next one is whole", () => {
    const path = place();
    filled(path, 3);
    const file = join(path, "rows.jsonl");
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(whole.length), (length) => {
        writeFileSync(file, whole);
        truncateSync(file, length);
        const kept = whole.subarray(0, length).toString("utf8").split("\n").length - 1;
        const folder = openRunFolder(path, sampleManifest());
        expect([0, 1, 2].map((index) => folder.isDone(`q${index}`))).toEqual([kept > 0, kept > 1, kept > 2]);
        folder.append(sampleRow("next", true), sampleTrajectory());
        folder.close();
        expect(readRun(path).rows.map(({ id }) => id)).toEqual(
          [..."012".slice(0, kept)].map((index) => `q${index}`).concat("next"),
        );
      }),
      // A cut just before a line feed leaves a row that reads as whole and is not.
      { numRuns: 60, examples: [[whole.length - 1], [whole.indexOf("\n")]] },
    );
  });

  test("leaves out a damaged row and keeps the ones after it", () => {
    const path = place();
    filled(path, 1);
    appendFileSync(join(path, "rows.jsonl"), `{"id":"q9"}\n${JSON.stringify(sampleRow("q2", true))}\n`);
    const folder = openRunFolder(path, sampleManifest());
    expect([...folder.rows.keys()]).toEqual(["q0", "q2"]);
    folder.close();
  });

  test("asks a question again whose policy or retrieval failed, and counts its last row", () => {
    const path = place();
    const folder = openRunFolder(path, sampleManifest());
    folder.append(sampleRow("a", false, { stop: { reason: "policy-error", detail: "gone" } }), sampleTrajectory());
    folder.append(sampleRow("b", false, { stop: { reason: "segment-limit" } }), sampleTrajectory());
    expect([folder.isDone("a"), folder.isDone("b"), folder.isDone("c")]).toEqual([false, true, false]);
    folder.append(sampleRow("a", true), sampleTrajectory());
    expect(folder.isDone("a")).toBe(true);
    folder.close();
    expect(readRun(path).rows).toMatchObject([{ id: "a", answer: "Rome" }, { id: "b" }]);
  });

  test("says so where the disk refuses a row, and takes the question for not asked", () => {
    const folder = openRunFolder(place(), sampleManifest());
    folder.close();
    expect(() => folder.append(sampleRow("q", true), sampleTrajectory())).toThrow(/cannot be written \(EBADF\)/u);
    expect(folder.isDone("q")).toBe(false);
  });

  test("refuses another run and names the field; when it was made and by which Node does not matter", () => {
    const path = place();
    filled(path, 1);
    const later = sampleManifest({
      createdAt: "2027-01-01T00:00:00.000Z",
      versions: { searchlight: "0.1.0", node: "26.0.0" },
    });
    openRunFolder(path, later).close();
    expect(() => openRunFolder(path, sampleManifest({ topK: 3 }))).toThrow(
      /topK is 5 there and 3 here; give another folder/u,
    );
    expect(() => readRun(join(home, "absent"))).toThrow(RunFolderError);
    writeFileSync(join(path, "run.json"), '{"version": 9}');
    expect(() => readRun(path)).toThrow(/damaged at/u);
  });
});

describe("differences of manifests", () => {
  test("are told field by field, in both directions, and an allowed name covers all below it", () => {
    const first = sampleManifest();
    const second = sampleManifest({
      corpus: { kind: "passages", hash: hashOf("other"), passages: 11 },
      judge: { policy: "openai:m@http://x", prompt: hashOf("j") },
      seed: 2,
    });
    const fields = (allowed: string[]) => differences(first, second, allowed).map(({ field }) => field);
    expect(fields([])).toEqual(["corpus.hash", "corpus.passages", "judge", "seed", "judge.policy", "judge.prompt"]);
    expect(
      differences(second, first)
        .map(({ field }) => field)
        .toSorted(),
    ).toEqual(fields([]).toSorted());
    expect(fields(["corpus", "judge"])).toEqual(["seed"]);
    expect(fields(["corpus.hash", "see"])).toContain("seed");
    expect(differences(first, first)).toEqual([]);
  });
});
