import { afterAll, beforeAll, expect, test } from "vitest";
import { twoHopStory } from "../fixtures/story.ts";
import { brokenReward, trainedTrajectory } from "../fixtures/trained-trajectory.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

async function showTrained(view: ViewerPage): Promise<ReturnType<typeof trainedTrajectory>> {
  const trained = trainedTrajectory();
  await view.post("show", { trajectory: trained.trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("heading", { name: "Reward" }).waitFor();
  return trained;
}

test("the reward is a sum of value times weight, and names what training made of it", async () => {
  const view = await viewer.open();
  await showTrained(view);
  const region = view.page.getByRole("region", { name: "Reward" });
  const text = await region.innerText();
  expect(text).toContain("−3.33");
  expect(text).toMatch(/format\s+−2\.00 × 2\s+−4\.00/);
  expect(text).toMatch(/answer-length: 13 words, at most 10\s+−3\.00/);
  for (const fact of [
    /Advantage\s+\+1\.250/,
    /Group mean\s+−0\.12/,
    /Rank in group\s+3 of 16/,
    /KL cost\s+−0\.00001/,
    /Step\s+41, outcome/,
  ])
    expect(text).toMatch(fact);
});

test("choosing a broken rule by keyboard unfolds what hides its span, marks it and takes the keyboard there", async () => {
  const view = await viewer.open({ height: 600 });
  const { trajectory } = await showTrained(view);
  const { start, end } = brokenReward(trajectory).components[1]!.violations[0]!;
  const button = view.page.getByRole("button", { name: /answer-length/ });
  await button.focus();
  await view.page.keyboard.press("Enter");
  const mark = view.page.locator("mark.chosen");
  await mark.first().waitFor();
  expect((await mark.allTextContents()).join("")).toBe(trajectory.text.slice(start, end));
  await expect.poll(() => mark.first().isVisible()).toBe(true);
  expect(await view.page.evaluate(() => document.activeElement?.className)).toContain("kind-answer");
  expect(await button.getAttribute("aria-pressed")).toBe("true");
  const box = (await mark.first().boundingBox())!;
  expect(box.y).toBeGreaterThan(0);
  expect(box.y).toBeLessThan(600);
});

test("the words of a rule stand under the segment that broke it", async () => {
  const view = await viewer.open();
  await showTrained(view);
  const notes = view.page.locator(".segment.kind-answer .broken-here");
  expect(await notes.textContent()).toMatch(/answer-length: 13 words, at most 10 \(−3\.00\)/);
});

test("what the server works out is shown beside the record: reward, audit, and files that changed", async () => {
  const view = await viewer.open();
  const { trajectory } = twoHopStory();
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("region", { name: "Record" }).waitFor();
  expect(await view.page.getByRole("region", { name: "Reward" }).count()).toBe(0);
  const [place, gone] = trajectory.searches[0]!.hits.map(({ passage }) => passage.place!);
  const documents = trajectory.segments.find(({ kind }) => kind === "documents")!;
  const message = "A document holds <|end_of_documents|>; a search for tags would train on what follows it.";
  const disagreement = { kind: "forged-tag", found: "text" as const, tokens: 0, message };
  await view.post("inspected", {
    trajectoryId: trajectory.id,
    reward: brokenReward(trajectory),
    verdict: {
      agree: false,
      disagreements: [{ ...disagreement, start: documents.start + 2, end: documents.start + 10 }],
    },
    files: [
      { folder: place!.folder, path: place!.path, contentHash: place!.contentHash, state: "changed" },
      { folder: gone!.folder, path: gone!.path, contentHash: gone!.contentHash, state: "gone" },
    ],
  });
  await view.page.getByRole("region", { name: "Reward" }).waitFor();
  expect(await view.page.getByRole("region", { name: "Reward" }).innerText()).toContain("no reward of its own");
  expect(await view.page.locator(".hit-why").nth(0).textContent()).toContain("stale");
  expect(await view.page.locator(".hit-why").nth(1).textContent()).toContain("missing");
  await view.page.getByRole("button", { name: /forged-tag/ }).click();
  const mark = view.page.locator(".mask mark.chosen");
  await mark.waitFor();
  expect(await mark.textContent()).toBe(trajectory.text.slice(documents.start + 2, documents.start + 10));
});

test("what is told of another trajectory than the shown one changes nothing", async () => {
  const view = await viewer.open();
  const { trajectory } = twoHopStory();
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.post("inspected", {
    trajectoryId: "another",
    reward: brokenReward(trajectory),
    verdict: null,
    files: [],
  });
  await view.post("show", { trajectory, live: false, empty: "no-question", banner: "After it." });
  await view.page.getByText("After it.").first().waitFor();
  expect(await view.page.getByRole("region", { name: "Reward" }).count()).toBe(0);
});

test("the record names golds, stop, usage, policy, sampling and ids, and gives a link", async () => {
  const view = await viewer.open();
  const { trajectory } = await showTrained(view);
  const record = view.page.getByRole("region", { name: "Record" });
  const text = await record.innerText();
  for (const part of ["the near-infrared wheel", "finished", "2 searches", "temperature 1 · seed 7", trajectory.id])
    expect(text).toContain(part);
  await record.getByRole("button", { name: /Copy link/ }).click();
  expect(await view.sent()).toContainEqual({ method: "copyLink", params: { trajectoryId: trajectory.id } });
});

test("unseen characters are drawn as what they are, in text and in what is read out", async () => {
  const view = await viewer.open();
  const { trajectory } = twoHopStory();
  const hostile = "safe\u202egnp.exe\u0007\u200b";
  await view.post("show", {
    trajectory: { ...trajectory, question: hostile, policy: { ...trajectory.policy, chosen: hostile } },
    live: false,
    empty: "no-question",
  });
  const shown = "safe⟨U+202E⟩gnp.exe␇⟨U+200B⟩";
  await view.page.getByRole("heading", { name: shown }).waitFor();
  expect(await view.page.locator(".header .dim").getAttribute("title")).toBe(shown);
});
