import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { annotationsPath } from "../../protocol/annotations.ts";
import { AnnotationFile } from "../../server/trajectories/annotations/annotation-file.ts";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { trainedTrajectory } from "../fixtures/trained-trajectory.ts";
import { violations } from "./axe.ts";
import { type ServedFile, serveFile } from "./file-page.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
let served: ServedFile | undefined;
let opened: ViewerPage | undefined;
beforeAll(async () => {
  viewer = await startViewer();
});
afterEach(() => {
  served?.close();
  served = undefined;
  expect(opened?.faults).toEqual([]);
  expect(opened?.foreignRequests).toEqual([]);
});
afterAll(() => viewer?.close());

const groups = rolloutGroups({ steps: 2, prompts: 3, samples: 4 });

async function openFile(theme?: ThemeName): Promise<ViewerPage> {
  const view = await viewer.open({ name: "trajectories", width: 1280, height: 860, ...(theme ? { theme } : {}) });
  opened = view;
  served = await serveFile(view, groups.map((each) => `${JSON.stringify(each)}\n`).join(""));
  await view.page.locator("#row-0 .row-question").waitFor();
  await view.page.getByRole("region", { name: "Annotations" }).waitFor();
  return view;
}

const part = (view: ViewerPage) => view.page.getByRole("region", { name: "Annotations" });
const said = () => {
  const file = new AnnotationFile(annotationsPath(served!.path));
  file.refresh();
  return file.of(groups[0]!.id);
};

test("tag, note, exclusion and their filters by keyboard alone; everything is in the file beside", async () => {
  const view = await openFile();
  const { page } = view;
  const { keyboard } = page;
  const press = async (name: string): Promise<void> => {
    await part(view).getByRole("button", { name, exact: true }).focus();
    await keyboard.press("Enter");
  };
  await press("Tag");
  await page.locator(":focus[aria-label=Tag]").waitFor();
  await keyboard.type("odd answer");
  await keyboard.press("Enter");
  await part(view).getByRole("list", { name: "Tags" }).getByText("odd answer").waitFor();
  await page.locator("#row-0 .row-marks", { hasText: "odd answer" }).waitFor();
  await press("Tag");
  await page.locator(":focus[aria-label=Tag]").waitFor();
  await keyboard.type("thrown away");
  await keyboard.press("Escape");
  expect(await page.getByRole("form", { name: "Tag" }).count()).toBe(0);
  await press("Exclude from training");
  await part(view).getByText("excluded from training", { exact: true }).waitFor();
  await page.locator('[data-segment="2"]').focus();
  await keyboard.press("n");
  await page.getByRole("form", { name: "Note" }).getByText("turn").waitFor();
  await page.locator("textarea:focus").waitFor();
  await keyboard.type("Look here.");
  await keyboard.press("Control+Enter");
  await part(view).getByRole("list", { name: "Notes" }).getByText("Look here.").waitFor();
  const segment = groups[0]!.segments[2]!;
  expect(said()).toMatchObject({
    tags: ["odd answer"],
    excluded: true,
    notes: [{ text: "Look here.", span: { start: segment.start, end: segment.end } }],
  });
  // A query is drawn as a card, so the note stands under it.
  await page.locator('[data-segment="2"] .noted-here', { hasText: "Look here." }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute("data-segment"))).toBe("2");
  const status = page.locator(".file-state [role=status]");
  await page.getByLabel("Tag", { exact: true }).selectOption("odd answer");
  await expect.poll(() => status.innerText()).toContain("1 of 24");
  await page.getByLabel("Marked").selectOption("included");
  await expect.poll(() => status.innerText()).toContain("0 of 24");
  await page.getByLabel("Tag", { exact: true }).selectOption("");
  await expect.poll(() => status.innerText()).toContain("23 of 24");
  await page.getByLabel("Marked").selectOption("noted");
  await expect.poll(() => status.innerText()).toContain("1 of 24");
  await press("Exclude from training");
  await press("Remove the tag odd answer");
  await press("Remove the note");
  await expect.poll(() => said()).toEqual({ tags: [], excluded: false, notes: [] });
  expect(readFileSync(annotationsPath(served!.path), "utf8").trimEnd().split("\n")).toHaveLength(6);
});

test("a note about selected words marks them, is changed in place, and leads to them", async () => {
  const view = await openFile();
  const { page } = view;
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector(".segments")!, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent!.indexOf("look for it");
      if (at >= 0) return document.getSelection()!.setBaseAndExtent(node, at, node, at + 11);
    }
    throw new Error("the words are not there");
  });
  await part(view).getByRole("button", { name: "Note", exact: true }).click();
  await page.getByRole("textbox", { name: "Note" }).fill("These words.");
  await page.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => page.locator("mark.noted").allInnerTexts()).toEqual(["look for it"]);
  const { start, end } = said().notes[0]!.span!;
  expect(groups[0]!.text.slice(start, end)).toBe("look for it");
  await part(view).getByRole("button", { name: "Change the note" }).click();
  await page.getByRole("textbox", { name: "Note" }).fill("Other words.");
  await page.keyboard.press("Control+Enter");
  await part(view).getByText("Other words.").waitFor();
  await part(view)
    .getByRole("button", { name: /^Thought, turn 1/ })
    .click();
  await page.locator("mark.noted.chosen").waitFor();
});

test("what another window says is shown when it is told of, and a form that was begun goes with its trajectory", async () => {
  const view = await openFile();
  const { page } = view;
  new AnnotationFile(annotationsPath(served!.path)).add(groups[0]!.id, {
    kind: "tag",
    tag: "from elsewhere",
    on: true,
  });
  await served!.tell();
  await part(view).getByText("from elsewhere").waitFor();
  await part(view).getByRole("button", { name: "Tag", exact: true }).click();
  await page.locator("#row-3").click();
  await expect.poll(() => page.getByRole("form", { name: "Tag" }).count()).toBe(0);
});

test("evaluation set and test are asked of the host with the row's key", async () => {
  const view = await openFile();
  await view.page.locator("#row-2").click();
  await expect.poll(() => view.page.locator(".record .facts-list dd").last().innerText()).toBe(groups[2]!.id);
  await part(view).getByRole("button", { name: "Add to evaluation set…" }).click();
  await part(view).getByRole("button", { name: "Add as test…" }).click();
  const asked = (await view.sent()).filter(({ method }) => method === "collect").map(({ params }) => params);
  expect(asked).toEqual([
    { trajectoryId: groups[2]!.id, key: 2, into: "evaluation" },
    { trajectoryId: groups[2]!.id, key: 2, into: "tests" },
  ]);
});

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`annotations have no accessibility violation in the ${theme} theme`, async () => {
    const { trajectory } = trainedTrajectory();
    const view = await viewer.open({ theme, width: 380 });
    opened = view;
    await view.post("show", { trajectory, live: false, empty: "no-question" });
    const { start, end } = trajectory.segments[1]!;
    const at = "2026-01-01T00:00:00.000Z";
    const annotations = {
      tags: ["a tag", "b"],
      excluded: true,
      notes: [{ id: "1", text: "A note.", span: { start, end }, at }],
    };
    await view.post("inspected", { trajectoryId: trajectory.id, verdict: null, reward: null, files: [], annotations });
    await part(view).getByRole("button", { name: "Tag", exact: true }).click();
    expect(await violations(view.page)).toEqual([]);
    await part(view).getByRole("button", { name: "Note", exact: true }).click();
    expect(await violations(view.page)).toEqual([]);
    await view.screenshot(`annotations-${theme}`);
  });
}

test("a running question, and one that is kept nowhere, offer no annotation", async () => {
  const { trajectory } = trainedTrajectory();
  const view = await viewer.open({ width: 380 });
  opened = view;
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("region", { name: "Record" }).waitFor();
  expect(await part(view).count()).toBe(0);
});
