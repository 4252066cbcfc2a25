import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
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

const [before, after] = [0, 1].map((step) =>
  rolloutGroups({ steps: 2, prompts: 3, samples: 3 }).filter(({ training }) => training!.step === step),
) as [Trajectory[], Trajectory[]];
const isRight = ({ answer, golds }: Trajectory): boolean => answer!.text.includes(golds![0]!);
const won = after.filter((each, index) => isRight(each) && !isRight(before[index]!));
const lost = after.filter((each, index) => !isRight(each) && isRight(before[index]!));
const content = (trajectories: readonly unknown[]): string =>
  trajectories.map((each) => `${JSON.stringify(each)}\n`).join("");

async function openCompared(theme?: ThemeName): Promise<ViewerPage> {
  const view = await viewer.open({ name: "trajectories", width: 1280, height: 860, ...(theme ? { theme } : {}) });
  opened = view;
  served = await serveFile(view, content(after), content(before));
  await view.page.locator("#row-0 .row-question").waitFor();
  await view.page.getByRole("button", { name: "Compare with…" }).focus();
  await view.page.keyboard.press("Enter");
  await view.page.getByText("against before.trajectories.jsonl").waitFor();
  return view;
}

test("flips are counted, listed and shown side by side with what differs, by keyboard alone", async () => {
  expect([won.length, lost.length].every((count) => count > 0)).toBe(true);
  const view = await openCompared();
  const { page } = view;
  const { keyboard } = page;
  await expect
    .poll(() => page.locator(".comparison").innerText())
    .toContain(`9 pairs, ${won.length} won, ${lost.length} lost`);
  const status = page.locator(".file-state [role=status]");
  await page.getByLabel("Flips").selectOption("lost");
  await expect.poll(() => status.innerText()).toContain(`${lost.length} of 9`);
  await page.locator("#row-0 .verdict.wrong", { hasText: "lost" }).waitFor();
  await page.getByRole("tab", { name: "Trajectory" }).focus();
  for (let press = 0; press < 3; press++) await keyboard.press("ArrowRight");
  await expect.poll(() => page.getByRole("columnheader").count()).toBe(2);
  const heads = page.getByRole("columnheader");
  await expect.poll(() => heads.nth(0).innerText()).toContain("right");
  await expect.poll(() => heads.nth(1).innerText()).toContain("wrong");
  const answers = page.locator(".column-row.answers .cell .text");
  const pair = before[after.indexOf(lost[0]!)]!;
  await expect.poll(() => answers.nth(0).innerText()).toContain(pair.answer!.text);
  await expect.poll(() => answers.nth(1).innerText()).toContain(lost[0]!.answer!.text);
  await page.getByRole("button", { name: "Differences word by word" }).focus();
  await keyboard.press("Enter");
  await page.locator(".changes ins").first().waitFor();
  await page.getByRole("button", { name: "Stop comparing" }).focus();
  await keyboard.press("Enter");
  await expect.poll(() => status.innerText()).toContain("9 trajectories");
  expect(await page.getByRole("tab", { name: "Comparison" }).count()).toBe(0);
});

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`a comparison has no accessibility violation in the ${theme} theme`, async () => {
    const view = await openCompared(theme);
    const { page } = view;
    await page.getByLabel("Flips").selectOption("either");
    await page.getByRole("button", { name: "Save filter…" }).click();
    await page.getByRole("tab", { name: "Comparison" }).click();
    await page.locator(".column-row.answers .cell .text").nth(1).waitFor();
    expect(await violations(page)).toEqual([]);
    await view.screenshot(`comparison-${theme}`);
  });
}

test("a filter is kept under a name, listed by again, and forgotten, by keyboard alone", async () => {
  const view = await openCompared();
  const { page } = view;
  const { keyboard } = page;
  const status = page.locator(".file-state [role=status]");
  await page.getByLabel("Searches").fill("2");
  // What is typed stays while rows come in.
  await served!.tell();
  expect(await page.getByLabel("Searches").inputValue()).toBe("2");
  await page.getByLabel("Sort", { exact: true }).selectOption("reward");
  await page.getByRole("button", { name: "Save filter…" }).focus();
  await keyboard.press("Enter");
  await page.locator(":focus[aria-label='Name of the filter']").waitFor();
  await keyboard.type("too long");
  await keyboard.press("Enter");
  await page.getByLabel("Saved", { exact: true }).waitFor();
  expect(await page.getByLabel("Saved", { exact: true }).inputValue()).toBe("too long");
  const some = await status.innerText();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect.poll(() => status.innerText()).toContain("9 trajectories");
  expect(await page.getByLabel("Saved", { exact: true }).inputValue()).toBe("");
  await page.getByLabel("Saved", { exact: true }).selectOption("too long");
  await expect.poll(() => status.innerText()).toBe(some);
  expect(await page.getByLabel("Searches").inputValue()).toBe("2");
  await page.getByRole("button", { name: "Forget the saved filter too long" }).focus();
  await keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("Saved", { exact: true }).count()).toBe(0);
});
