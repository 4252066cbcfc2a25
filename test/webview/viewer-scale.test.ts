import { afterAll, beforeAll, expect, test } from "vitest";
import { citations, hit, place, Story } from "../fixtures/story.ts";
import { startViewer } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

function longStory(segments: number): Story {
  const story = new Story();
  for (let turn = 0; story.trajectory.segments.length < segments; turn++) {
    story
      .write("think", `<think>Step ${turn} looks further.</think>`)
      .search(`step ${turn}`, [hit(1, place(`guide/${turn}.md`, 1, 40), "A line of the guide. ".repeat(200))]);
  }
  return story;
}

test("a trajectory of 200 segments is drawn whole, its documents folded", async () => {
  const view = await viewer.open();
  const { trajectory } = longStory(200);
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page
    .locator(".segment")
    .nth(trajectory.segments.length - 1)
    .waitFor();
  expect(await view.page.locator(".segment").count()).toBe(trajectory.segments.length);
  expect(await view.page.locator(".mask .raw").count()).toBe(0);
  await view.screenshot("long-dark");
});

test("a long document is cut with what is left out said, and shown whole on demand", async () => {
  const view = await viewer.open();
  const { trajectory } = longStory(4);
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("button", { name: /masked · / }).click();
  const all = view.page.getByRole("button", { name: /Show all \(3,\d+ more characters\)/ });
  const document = view.page.locator(".mask .raw");
  expect((await document.textContent())!.length).toBe(1200);
  await all.click();
  const segment = trajectory.segments.find(({ kind }) => kind === "documents")!;
  expect((await document.textContent())!.length).toBe(segment.end - segment.start);
});

test("streamed text is appended without drawing the segments before it again", async () => {
  const view = await viewer.open();
  const { page } = view;
  const story = longStory(200);
  const { trajectory } = story;
  await view.post("show", { trajectory, live: true, empty: "no-question" });
  await page
    .locator(".segment")
    .nth(trajectory.segments.length - 1)
    .waitFor();
  await page.evaluate(() => {
    const counted = window as unknown as { changes: number };
    counted.changes = 0;
    const last = document.querySelectorAll(".segment").length;
    new MutationObserver((records) => {
      for (const { target } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        const index = Number(element?.closest("[data-segment]")?.getAttribute("data-segment") ?? last);
        if (index < last) counted.changes++;
      }
    }).observe(document.querySelector(".segments")!, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  });
  const before = story.events.length;
  story.write("think", "and so it goes on, word by word. ".repeat(10), "policy", 3);
  for (const event of story.events.slice(before)) await view.post("event", { trajectoryId: trajectory.id, event });
  await page.getByText("and so it goes on, word by word.").waitFor();
  expect(await page.evaluate(() => (window as unknown as { changes: number }).changes)).toBe(0);
});

test("the answer is brought into sight when it comes, and the page around the list never moves", async () => {
  const view = await viewer.open({ height: 500 });
  const { page } = view;
  const story = longStory(20);
  await view.post("show", { trajectory: story.trajectory, live: true, empty: "no-question", banner: "Indexing 40 %." });
  const before = story.events.length;
  story.write("answer", "A long answer. ".repeat(20)).answer({
    text: "",
    abstained: true,
    sentences: [],
    citations: [],
    nearest: [...citations, ...citations, ...citations],
  });
  for (const event of story.events.slice(before))
    await view.post("event", { trajectoryId: story.trajectory.id, event });
  await page.getByRole("heading", { name: "Not in these documents" }).waitFor();
  const gap = () =>
    page.evaluate(() => {
      const top = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
      return Math.abs(top("#answer").top - top(".header").bottom);
    });
  await expect.poll(gap).toBeLessThan(8);
  expect(
    await page.evaluate(() => [window.scrollY, document.querySelector(".banner")!.getBoundingClientRect().top]),
  ).toEqual([0, 0]);
});

test("the end stays in sight while a question runs, until the person scrolls up", async () => {
  const view = await viewer.open({ height: 400 });
  const { page } = view;
  const story = longStory(20);
  await view.post("show", { trajectory: story.trajectory, live: true, empty: "no-question" });
  const distance = () =>
    page.locator(".scroller").evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
  const add = async (text: string): Promise<void> => {
    const before = story.events.length;
    story.write("think", text);
    for (const event of story.events.slice(before))
      await view.post("event", { trajectoryId: story.trajectory.id, event });
    await page.getByText(text.slice(0, 30)).waitFor();
  };
  await add("first addition ".repeat(40));
  await expect.poll(distance).toBeLessThan(24);
  await page.locator(".scroller").evaluate((element) => (element.scrollTop = 0));
  await add("second addition ".repeat(40));
  await page.waitForTimeout(200);
  expect(await page.locator(".scroller").evaluate((element) => element.scrollTop)).toBe(0);
});
