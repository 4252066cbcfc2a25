import { afterAll, beforeAll, expect, test } from "vitest";
import { citations, twoHopStory } from "../fixtures/story.ts";
import { trainedTrajectory } from "../fixtures/trained-trajectory.ts";
import { violations } from "./axe.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`a finished trajectory has no accessibility violation in the ${theme} theme`, async () => {
    const view = await viewer.open({ theme, height: 1500 });
    const trajectory = { ...trainedTrajectory().trajectory, notices: ["The search fell back to words."] };
    await view.post("show", {
      trajectory,
      live: false,
      empty: "no-question",
      banner: "Indexing 40 %: search goes by words until the vectors are complete.",
      policy: "extractive",
    });
    await view.page.getByRole("heading", { name: "Reward" }).waitFor();
    const { start, end } = trajectory.segments.find(({ kind }) => kind === "documents")!;
    const disagreement = { kind: "forged-tag", found: "text" as const, start: start + 3, end: end - 3, tokens: 4 };
    await view.post("inspected", {
      trajectoryId: trajectory.id,
      reward: null,
      verdict: { agree: false, disagreements: [{ ...disagreement, message: "A document holds a closing tag." }] },
      files: [{ ...trajectory.searches[0]!.hits[0]!.passage.place!, state: "changed" }],
    });
    await view.page.getByRole("region", { name: "Mask audit" }).waitFor();
    await view.screenshot(`finished-${theme}`);
    expect(await violations(view.page)).toEqual([]);
    await view.unfoldAll();
    await view.screenshot(`unfolded-${theme}`);
    expect(await violations(view.page)).toEqual([]);
  });

  test(`running, abstained and empty views have no accessibility violation in the ${theme} theme`, async () => {
    const view = await viewer.open({ theme });
    const story = twoHopStory();
    await view.post("show", { trajectory: null, live: false, empty: "no-question", policy: "extractive" });
    await view.page.getByRole("heading", { name: "Ask the documents" }).waitFor();
    expect(await violations(view.page)).toEqual([]);
    for (const event of story.events.slice(0, 9))
      await view.post("event", { trajectoryId: story.trajectory.id, event });
    await view.page.getByRole("button", { name: "Stop" }).waitFor();
    expect(await violations(view.page)).toEqual([]);
    const answer = { text: "", abstained: true, sentences: [], citations: [], nearest: citations };
    await view.post("show", { trajectory: { ...story.trajectory, answer }, live: false, empty: "no-question" });
    await view.page.getByRole("heading", { name: "Not in these documents" }).waitFor();
    expect(await violations(view.page)).toEqual([]);
  });
}

test("with forced colours masked text keeps its border and words, and with reduced motion nothing turns", async () => {
  const view = await viewer.open({ height: 1300 });
  await view.page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  const story = twoHopStory();
  for (const event of story.events.slice(0, -2)) await view.post("event", { trajectoryId: story.trajectory.id, event });
  await view.page.locator(".mask").nth(1).waitFor();
  await view.screenshot("forced-colours");
  expect(
    await view.page
      .locator(".mask")
      .first()
      .evaluate((mask) => getComputedStyle(mask).borderStyle),
  ).toBe("dashed");
  expect(
    await view.page
      .locator(".codicon-modifier-spin")
      .first()
      .evaluate((icon) => getComputedStyle(icon).animationName),
  ).toBe("none");
});
