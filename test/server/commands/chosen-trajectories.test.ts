import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type TrajectoryChoice, chosenTrajectories } from "../../../server/commands/chosen-trajectories.ts";
import { openFolder } from "../../../server/home.ts";
import { storeAnnotations } from "../../../server/trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../../../server/trajectories/annotations/subject.ts";
import { openTrajectoryStore } from "../../../server/trajectories/store.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-chosen-"));
  vi.stubEnv("SEARCHLIGHT_HOME", join(root, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

test("of a folder's store the latest is shown that was not excluded, and it is said where nothing else is there", async () => {
  const docs = join(root, "docs");
  mkdirSync(docs);
  const { trajectoriesHome } = openFolder(docs);
  const earlier = sampleTrajectory({ id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
  const later = sampleTrajectory({ id: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ" });
  const store = await openTrajectoryStore(trajectoriesHome);
  await store.add(earlier);
  await store.add(later);
  store.close();
  const chosen = async (choice: TrajectoryChoice): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { trajectory } of chosenTrajectories(docs, choice)) ids.push(trajectory.id);
    return ids;
  };
  const exclude = (trajectory: typeof earlier) =>
    storeAnnotations(trajectoriesHome).add(subjectOf(trajectory), { kind: "exclude", on: true });

  expect(await chosen({ withoutExcluded: true })).toEqual([later.id]);
  exclude(later);
  expect(await chosen({})).toEqual([later.id]);
  expect(await chosen({ withoutExcluded: true })).toEqual([earlier.id]);
  expect(await chosen({ id: later.id })).toEqual([later.id]);
  await expect(chosen({ id: later.id, withoutExcluded: true })).rejects.toThrow(/7Z+ was excluded from training/u);
  exclude(earlier);
  await expect(chosen({ withoutExcluded: true })).rejects.toThrow("Every trajectory of this folder was excluded");
  await expect(chosen({ id: "01ARZ3NDEKTSV4RRFFQ69G5FAW" })).rejects.toThrow("There is no trajectory");
});
