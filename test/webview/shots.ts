import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { domeHits, domeQuery } from "../fixtures/retrieved-hits.ts";
import { annotationsPath } from "../../protocol/annotations.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { AnnotationFile } from "../../server/trajectories/annotations/annotation-file.ts";
import { subjectOf } from "../../server/trajectories/annotations/subject.ts";
import { rolloutGroups, sampleRun } from "../fixtures/rollout-groups.ts";
import { twoHopStory } from "../fixtures/story.ts";
import { numbered, runStory, wholeRun } from "../fixtures/training-run.ts";
import { trainedTrajectory } from "../fixtures/trained-trajectory.ts";
import { type ServedFile, serveFile } from "./file-page.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

const folder = "out/shots";

type Viewer = Awaited<ReturnType<typeof startViewer>>;

/** Pictures every view in every theme; `given` is the text of a file of trajectories in place of the sample run. */
async function shoot(given: string | undefined): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const viewer = await startViewer();
  try {
    for (const theme of Object.keys(themes) as ThemeName[]) {
      await sidebar(viewer, theme);
      await file(viewer, theme, given ?? sampleRun());
      await inspector(viewer, theme);
      await run(viewer, theme);
    }
  } finally {
    await viewer.close();
  }
}

async function sidebar(viewer: Viewer, theme: ThemeName): Promise<void> {
  const { trajectory, texts } = trainedTrajectory();
  const view = await viewer.open({ theme, width: 380, height: 1500 });
  await view.post("show", { trajectory, live: false, empty: "no-question", policy: "extractive" });
  await view.post("inspected", {
    trajectoryId: trajectory.id,
    reward: null,
    verdict: { agree: true, disagreements: [] },
    files: [{ ...trajectory.searches[0]!.hits[1]!.passage.place!, state: "changed" }],
  });
  await picture(view.page, "trajectory", theme);
  await view.page.getByRole("button", { name: /answer-length/ }).click();
  await view.page.locator("mark.chosen").first().waitFor();
  await view.page.getByRole("region", { name: "Record" }).scrollIntoViewIfNeeded();
  await picture(view.page, "reward", theme);
  await view.page.getByRole("button", { name: "Tokens", exact: true }).click();
  await view.post("tokenTexts", { trajectoryId: trajectory.id, texts });
  await view.page.locator("#token-0", { hasText: texts[0]! }).waitFor();
  await view.page.getByLabel("Shade tokens by").selectOption("advantage");
  await view.page.locator("#token-60").hover();
  await picture(view.page, "tokens", theme);
  await live(viewer, theme);
}

async function live(viewer: Viewer, theme: ThemeName): Promise<void> {
  const story = twoHopStory();
  const view = await viewer.open({ theme, width: 380, height: 800 });
  await view.post("show", { trajectory: null, live: true, empty: "starting" });
  for (const event of story.events.slice(0, -6)) await view.post("event", { trajectoryId: story.trajectory.id, event });
  await view.page.getByRole("button", { name: "Stop" }).waitFor();
  await picture(view.page, "live", theme);
}

async function file(viewer: Viewer, theme: ThemeName, content: string): Promise<void> {
  const view: ViewerPage = await viewer.open({ name: "trajectories", theme, width: 1400, height: 860 });
  const served = await serveFile(view, content, earlierRun());
  const { page } = view;
  await page.getByRole("region", { name: "Record" }).waitFor();
  await picture(page, "file", theme);
  await page.getByRole("tab", { name: "Group" }).click();
  await page.locator(".columns .text").first().waitFor();
  await page.waitForTimeout(300);
  await picture(page, "group", theme);
  await page.getByRole("tab", { name: "Across steps" }).click();
  await page.locator(".across, #tab-panel > p").first().waitFor();
  await page.waitForTimeout(300);
  await picture(page, "steps", theme);
  await annotated(view, served, theme);
  await compared(page, theme);
  served.close();
}

async function inspector(viewer: Viewer, theme: ThemeName): Promise<void> {
  const view = await viewer.open({ name: "inspector", theme, width: 900, height: 640 });
  await view.post("state", {
    folders: [
      { id: "observatory", name: "observatory" },
      { id: "site-1", name: "docs.example.org/guide" },
    ],
    note: "Indexing 90 %: search goes by words until the vectors are complete.",
  });
  await picture(view.page, "inspector-empty", theme);
  await view.page.getByLabel("Query").fill(domeQuery);
  await view.page.getByRole("button", { name: "Search" }).click();
  const seq = (await view.sent()).flatMap(({ method, params }) =>
    method === "search" ? [(params as { seq: number }).seq] : [],
  );
  await view.post("found", { seq: seq.at(-1)!, hits: domeHits(), milliseconds: 12 });
  await view.page.locator("tbody tr").first().waitFor();
  await view.page.keyboard.press("Escape");
  await view.page.keyboard.press("ArrowDown");
  await picture(view.page, "inspector", theme);
}

async function run(viewer: Viewer, theme: ThemeName): Promise<void> {
  const { trajectory } = trainedTrajectory();
  const view = await viewer.open({ name: "run", theme, width: 1100, height: 900 });
  const { page } = view;
  await view.post("run", wholeRun(numbered(runStory({ iterations: 30, planned: 40 }))));
  await page.getByRole("slider", { name: /^Reward points/ }).waitFor();
  await picture(page, "run", theme);
  await page.getByRole("tab", { name: "Rollouts" }).click();
  await page
    .getByRole("button", { name: /^Rollout 2:/ })
    .first()
    .click();
  const trajectoryId = (await view.sent()).flatMap(({ method, params }) =>
    method === "rollout" ? [(params as { trajectoryId: string }).trajectoryId] : [],
  )[0]!;
  await view.post("rollout", { trajectoryId, trajectory: { ...trajectory, id: trajectoryId } });
  await page.getByRole("heading", { name: "Reward" }).waitFor();
  await picture(page, "run-rollouts", theme);
  await page.getByRole("tab", { name: "Checkpoints" }).click();
  await picture(page, "run-checkpoints", theme);
}

async function annotated({ page }: ViewerPage, served: ServedFile, theme: ThemeName): Promise<void> {
  await page.getByRole("tab", { name: "Trajectory" }).click();
  const part = page.getByRole("region", { name: "Annotations" });
  await part.waitFor();
  const notes = new AnnotationFile(annotationsPath(served.path));
  for (const [index, line] of readFileSync(served.path, "utf8").trimEnd().split("\n").slice(0, 5).entries()) {
    const trajectory = JSON.parse(line) as Trajectory;
    const subject = subjectOf(trajectory);
    if (index % 2 === 0) notes.add(subject, { kind: "tag", tag: "names the wrong person", on: true });
    if (index === 0) notes.add(subject, { kind: "tag", tag: "for the paper", on: true });
    if (index < 2) notes.add(subject, { kind: "exclude", on: true });
    const { start, end } = trajectory.segments.find(({ kind }) => kind === "think") ?? { start: 0, end: 1 };
    if (index === 0)
      notes.add(subject, { kind: "note", text: "It never looks at the second source.", span: { start, end } });
  }
  await served.tell();
  await part.getByText("for the paper").waitFor();
  await part.getByRole("button", { name: "Note", exact: true }).click();
  await picture(page, "annotations", theme);
  await page.keyboard.press("Escape");
}

async function compared(page: Page, theme: ThemeName): Promise<void> {
  await page.getByRole("button", { name: "Compare with…" }).click();
  await page.getByLabel("Flips").selectOption("either");
  await page.getByRole("tab", { name: "Comparison" }).click();
  await page.locator(".column-row.answers .cell .text").nth(1).waitFor();
  await page.getByRole("button", { name: "Differences word by word" }).click();
  await picture(page, "comparison", theme);
}

/** The same questions at a step of their own, as what the sample run is compared with. */
function earlierRun(): string {
  return rolloutGroups({ steps: 5, prompts: 3, samples: 8 })
    .filter(({ training }) => (training?.step ?? 0) >= 2)
    .map((each) => `${JSON.stringify(each)}\n`)
    .join("");
}

async function picture(page: Page, view: string, theme: ThemeName): Promise<void> {
  const path = join(folder, `${view}-${theme}.png`);
  await page.screenshot({ path });
  console.log(path);
}

if (import.meta.main) {
  const [given] = process.argv.slice(2);
  await shoot(given === undefined ? undefined : readFileSync(given, "utf8"));
}
