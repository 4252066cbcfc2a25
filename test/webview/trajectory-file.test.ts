import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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
  expect(opened?.faults).toEqual([]);
  expect(opened?.foreignRequests).toEqual([]);
});
afterAll(() => viewer?.close());

const groups = rolloutGroups({ steps: 2, prompts: 3, samples: 6 });
const content = (trajectories: readonly unknown[]): string =>
  trajectories.map((each) => `${JSON.stringify(each)}\n`).join("");

async function openFile(
  options: { theme?: ThemeName; width?: number } = {},
  text = content(groups),
): Promise<ViewerPage> {
  const view = await viewer.open({ name: "trajectories", width: 1280, height: 860, ...options });
  opened = view;
  served = await serveFile(view, text);
  await view.page.locator("#row-0 .row-question").waitFor();
  return view;
}

const chosenId = (view: ViewerPage): Promise<string> => view.page.locator(".record .facts-list dd").last().innerText();

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`list, group and steps have no accessibility violation in the ${theme} theme`, async () => {
    const view = await openFile({ theme });
    const { page } = view;
    await page.getByRole("region", { name: "Record" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await view.screenshot(`file-${theme}`);
    await page.getByRole("tab", { name: "Group" }).click();
    await page.locator(".column-row.answers .cell .text").nth(5).waitFor();
    expect(await violations(page)).toEqual([]);
    await view.screenshot(`group-${theme}`);
    await page.getByRole("tab", { name: "Across steps" }).click();
    await page.locator("ins").nth(1).waitFor();
    expect(await violations(page)).toEqual([]);
    await view.screenshot(`steps-${theme}`);
  });
}

test("the list is chosen from by keyboard alone, and Enter, Escape and the slash go between its parts", async () => {
  const view = await openFile();
  const { page } = view;
  await page.locator("#row-list").focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowUp", "Home", "ArrowDown"])
    await page.keyboard.press(key);
  await expect.poll(() => chosenId(view)).toBe(groups[1]!.id);
  expect(await page.locator('.row[aria-selected="true"]').getAttribute("id")).toBe("row-1");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("tab-panel");
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("row-list");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("text-filter");
  await page.getByRole("tab", { name: "Trajectory" }).focus();
  await page.keyboard.press("ArrowRight");
  expect(await page.getByRole("tab", { name: "Group" }).getAttribute("aria-selected")).toBe("true");
});

test("filters narrow the list together and are kept over a reload", async () => {
  const view = await openFile();
  const { page } = view;
  const status = page.locator(".file-state [role=status]");
  await expect.poll(() => status.innerText()).toContain("36 trajectories");
  await page.getByLabel("Step", { exact: true }).selectOption("1");
  await page.getByLabel("Broken rule").selectOption("answer-words");
  const expected = groups.filter(
    ({ training, reward }) => training!.step === 1 && reward!.components[1]!.violations.length > 0,
  ).length;
  await expect.poll(() => status.innerText()).toContain(`${expected} of 36`);
  await page.getByLabel("Text in transcripts and queries").fill("sample 99");
  await expect.poll(() => status.innerText()).toContain("0 of 36");
  await page.getByText("No trajectory matches.").waitFor();
  await page.getByRole("button", { name: "Show all trajectories" }).click();
  await expect.poll(() => status.innerText()).toContain("36 trajectories");
  await page.getByLabel("Broken rule").selectOption("answer-words");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect.poll(() => status.innerText()).toContain("36 trajectories");
  await page.getByLabel("Sort", { exact: true }).selectOption("reward");
  await expect.poll(() => page.locator("#row-0 .row-reward").innerText()).toBe("+1.00");
  await expect.poll(() => page.locator("#row-8 .row-reward").innerText()).toBe("+1.00");
  await page.getByLabel("Step", { exact: true }).selectOption("0");
  await view.reload();
  expect(JSON.stringify(await page.evaluate(() => sessionStorage.getItem("state")))).toContain("reward");
});

test("tokens of a file's records are asked for where they are shown, and only the latest are kept", async () => {
  const view = await openFile();
  const { page } = view;
  await page.getByRole("button", { name: "Tokens", exact: true }).click();
  await page.locator("#token-0").waitFor();
  await page.locator("#row-list").focus();
  for (let row = 1; row < 12; row++) {
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => chosenId(view)).toBe(groups[row]!.id);
  }
  await page.locator("#token-0").waitFor();
  await page.keyboard.press("Home");
  await expect.poll(() => chosenId(view)).toBe(groups[0]!.id);
  await page.getByRole("tab", { name: "Group" }).click();
  await expect.poll(() => page.locator(".column-row.answers .text").count()).toBe(6);
  const asked = (await view.sent()).filter(({ method }) => method === "record").map(({ params }) => params);
  const first = groups[0]!;
  expect(first.tokens).toBeDefined();
  // The first was given up in favour of eight later ones, so it is asked for again.
  expect(asked.filter((params) => JSON.stringify(params) === '{"key":0,"tokens":true}')).toHaveLength(2);
  expect(asked.some((params) => JSON.stringify(params).includes('"tokens":false'))).toBe(true);
});

test("a group stands in columns sorted by any value, its turns aligned, what broke a rule under its words", async () => {
  const view = await openFile();
  const { page } = view;
  await page.getByRole("tab", { name: "Group" }).click();
  const heads = page.getByRole("columnheader");
  await expect.poll(() => heads.count()).toBe(6);
  const totals = () => page.locator(".head .total").allInnerTexts();
  const group = groups.slice(0, 6);
  const rewards = group.map(({ reward }) => reward!.total).toSorted((a, b) => b - a);
  const shown = (value: number): string => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
  await expect.poll(totals).toEqual(rewards.map(shown));
  await page.getByLabel("Columns by").selectOption("component:format");
  const format = group
    .toSorted((a, b) => b.reward!.components[1]!.value - a.reward!.components[1]!.value)
    .map(({ reward }) => shown(reward!.total));
  await expect.poll(totals).toEqual(format);
  await page.locator(".broken-here", { hasText: "answer-words" }).first().waitFor();
  const tops = await page
    .locator('.column-row[aria-label="Turn 2"] .cell')
    .evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().top));
  expect(tops).toHaveLength(6);
  expect(new Set(tops).size).toBe(1);
  expect(await page.locator(".shared", { hasText: "×6" }).count()).toBeGreaterThan(0);
});

test("the switch of masked text holds for columns as well", async () => {
  const view = await openFile();
  const { page } = view;
  await page.getByRole("tab", { name: "Group" }).click();
  const masks = page.locator(".columns .mask");
  await expect.poll(() => masks.count()).toBeGreaterThan(5);
  await page.getByLabel("Masked text").selectOption("hide");
  expect(await masks.first().isVisible()).toBe(false);
  await page.getByLabel("Masked text").selectOption("only");
  expect(await masks.first().isVisible()).toBe(true);
  expect(await page.locator(".columns .origin-policy").first().isVisible()).toBe(false);
});

test("a group whose rewards are all equal says so, in the list and above its columns", async () => {
  const view = await openFile();
  const { page } = view;
  await page.locator("#row-6 .row-facts", { hasText: "zero variance" }).waitFor();
  expect(await page.locator("#row-0 .row-facts", { hasText: "zero variance" }).count()).toBe(0);
  await page.locator("#row-6").click();
  await page.getByRole("tab", { name: "Group" }).click();
  await page.getByText("zero variance: all rewards are equal").waitFor();
});

test("the same question at two steps is compared segment by segment and component by component", async () => {
  const view = await openFile();
  const { page } = view;
  await page.locator("#row-0").click();
  await page.getByRole("tab", { name: "Across steps" }).click();
  const changes = page.locator(".changes");
  await changes.waitFor();
  const words = (name: string) => changes.locator(name).allInnerTexts();
  const [left, right] = [groups[0]!, groups[18]!];
  expect(right.training).toMatchObject({ step: 1, group: "prompt-0", sample: 0 });
  await expect.poll(async () => (await words("del")).join("|")).toContain("Tom|Wray");
  expect((await words("ins")).join("|")).toContain("Ines|Okafor");
  const table = (await page.getByRole("table").innerText()).replace(/\s+/g, " ");
  const total = right.reward!.total - left.reward!.total;
  expect(table).toContain(`total 0.00 +1.00 +${total.toFixed(2)}`);
  expect(await changes.locator(".origin-environment .mask").count()).toBeGreaterThan(0);
});

test("rows appear when the file grows, without moving what is chosen", async () => {
  const view = await openFile({}, content(groups.slice(0, 4)));
  await view.page.locator("#row-2").click();
  await expect.poll(() => chosenId(view)).toBe(groups[2]!.id);
  await served!.rewrite(content(groups.slice(0, 8)));
  await expect.poll(() => view.page.locator(".file-state [role=status]").innerText()).toContain("8 trajectories");
  await expect.poll(() => chosenId(view)).toBe(groups[2]!.id);
  expect(await view.page.locator('.row[aria-selected="true"]').getAttribute("id")).toBe("row-2");
});

test("a chosen row stays chosen and in place when rows with more reward come above it", async () => {
  const rewarded = Array.from({ length: 60 }, (_, index) => ({
    ...groups[0]!,
    id: `first-${index}`,
    reward: { ...groups[0]!.reward!, total: index },
  }));
  const view = await openFile({}, content(rewarded));
  const { page } = view;
  await page.getByLabel("Sort", { exact: true }).selectOption("reward");
  await expect.poll(() => page.locator("#row-0 .row-reward").innerText()).toBe("+59.00");
  await page.locator("#row-list").evaluate((list) => (list.scrollTop = 30 * 64));
  await page.locator("#row-32").click();
  await expect.poll(() => chosenId(view)).toBe("first-27");
  const top = () => page.locator('.row[aria-selected="true"]').evaluate((row) => row.getBoundingClientRect().top);
  const before = await top();
  const more = Array.from({ length: 5 }, (_, index) => ({
    ...rewarded[0]!,
    id: `later-${index}`,
    reward: { ...groups[0]!.reward!, total: 100 + index },
  }));
  await served!.rewrite(content([...rewarded, ...more]));
  await expect.poll(() => page.locator('.row[aria-selected="true"]').getAttribute("id")).toBe("row-37");
  expect(await chosenId(view)).toBe("first-27");
  await expect.poll(top).toBe(before);
});

test("a file that cannot be read says why, and is read again when asked to", async () => {
  const view = await openFile();
  const { page } = view;
  const status = page.locator(".file-state [role=status]");
  // An answer that comes after the failure would take its sentence away.
  await expect.poll(() => status.innerText()).toContain("36 trajectories");
  await page.getByRole("region", { name: "Record" }).waitFor();
  await view.post("failed", { message: "The file is gone; put it back." });
  await page.getByRole("alert").getByText("The file is gone").waitFor();
  await page.getByRole("button", { name: "Read again" }).click();
  await expect.poll(() => status.innerText()).toContain("36 trajectories");
});

test("a link into the file lists the one record it names", async () => {
  const view = await openFile();
  await view.post("file", { name: "run.trajectories.jsonl", select: groups[7]!.id });
  await expect.poll(() => view.page.locator(".file-state [role=status]").innerText()).toContain("1 of 36");
  await expect.poll(() => chosenId(view)).toBe(groups[7]!.id);
  await view.page.getByRole("button", { name: "Clear filters" }).click();
  await expect.poll(() => view.page.locator(".file-state [role=status]").innerText()).toContain("36 trajectories");
});

test("lines that cannot be read are named, and the others are there", async () => {
  const view = await openFile({}, `${content(groups.slice(0, 2))}{no json\n`);
  const problems = view.page.locator(".problems");
  await problems.locator("summary").click();
  expect(await problems.innerText()).toContain("line 3: is no JSON");
});

test("a thousand rows are listed by drawing a few dozen, and the last is one key away", async () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({
    ...groups[index % groups.length]!,
    id: `row-${index}`,
    question: `Question ${index}?`,
  }));
  const view = await openFile({}, content(many));
  const { page } = view;
  await expect.poll(() => page.locator(".file-state [role=status]").innerText()).toContain("1,000 trajectories");
  expect(await page.locator(".row").count()).toBeLessThan(60);
  await page.locator("#row-list").focus();
  await page.keyboard.press("End");
  await page.locator("#row-999", { hasText: "Question 999?" }).waitFor();
  await expect.poll(() => chosenId(view)).toBe("row-999");
});
