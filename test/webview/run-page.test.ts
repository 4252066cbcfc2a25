import { afterAll, beforeAll, expect, test } from "vitest";
import { numbered, runStory, wholeRun } from "../fixtures/training-run.ts";
import { trainedTrajectory } from "../fixtures/trained-trajectory.ts";
import { pageWork } from "../fixtures/page-work.ts";
import { violations } from "./axe.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

const { trajectory } = trainedTrajectory();
const open = (options: { theme?: ThemeName; width?: number; height?: number } = {}): Promise<ViewerPage> =>
  viewer.open({ name: "run", width: 1100, height: 900, ...options });
const story = numbered(runStory({ iterations: 30, planned: 40, rolloutId: () => trajectory.id }));
const health = {
  type: "health" as const,
  iteration: 12,
  monitor: "valid-format-rate",
  level: "warn" as const,
  value: 0.04,
  message: "The share of rollouts in valid form is 4 %, below 5 %.",
};

const tab = (view: ViewerPage, name: string) => view.page.getByRole("tab", { name });

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`no tab of a run's page has an accessibility violation in the ${theme} theme`, async () => {
    const view = await open({ theme });
    await view.post("run", wholeRun([...story, ...numbered([health], story.length)]));
    await view.page.getByRole("slider", { name: /^Reward points/ }).waitFor();
    await view.screenshot(`run-charts-${theme}`);
    expect(await violations(view.page)).toEqual([]);
    await view.page.getByLabel("Numbers as tables").check();
    expect(await violations(view.page)).toEqual([]);
    await tab(view, "Rollouts").click();
    await view.page
      .getByRole("button", { name: /^Rollout 2:/ })
      .first()
      .click();
    await view.post("rollout", { trajectoryId: trajectory.id, trajectory });
    await view.page.getByRole("heading", { name: "Reward" }).waitFor();
    await view.screenshot(`run-rollouts-${theme}`);
    expect(await violations(view.page)).toEqual([]);
    await tab(view, "Checkpoints").click();
    await view.screenshot(`run-checkpoints-${theme}`);
    expect(await violations(view.page)).toEqual([]);
    await tab(view, "Log").click();
    await view.post("log", { lines: ["The engine answers.", "Iteration 0 begins."] });
    expect(await violations(view.page)).toEqual([]);
    await tab(view, "Configuration").click();
    expect(await violations(view.page)).toEqual([]);
    expect(view.faults).toEqual([]);
    expect(view.foreignRequests).toEqual([]);
  });
}

test("events that come are drawn, known ones change nothing, and a hole makes the page ask for the whole again", async () => {
  const view = await open();
  const bodies = runStory({ iterations: 8 });
  const events = numbered(bodies);
  const first = events.slice(0, 30);
  await view.post("run", wholeRun(first));
  const done = first.filter(({ type }) => type === "iteration").length;
  const facts = view.page.locator(".facts").first();
  await expect.poll(() => facts.textContent()).toContain(`iteration ${done} of 8`);
  await view.post("events", { events: events.slice(20, 60) });
  const later = events.slice(0, 60).filter(({ type }) => type === "iteration").length;
  expect(later).toBeGreaterThan(done);
  await expect.poll(() => facts.textContent()).toContain(`iteration ${later} of 8`);
  expect((await view.sent()).filter(({ method }) => method === "again")).toEqual([]);
  await view.post("events", { events: numbered([health], 75) });
  await expect.poll(async () => (await view.sent()).some(({ method }) => method === "again")).toBe(true);
});

test("a chart is moved along by keys, says its values, and Enter opens that iteration's rollouts", async () => {
  const view = await open();
  await view.post("run", wholeRun(story));
  const chart = view.page.getByRole("slider", { name: /^Entropy/ });
  await chart.focus();
  await view.page.keyboard.press("Home");
  expect(await chart.getAttribute("aria-valuetext")).toBe("Iteration 1: entropy 2");
  await view.page.keyboard.press("ArrowRight");
  await view.page.keyboard.press("ArrowRight");
  expect(await chart.getAttribute("aria-valuenow")).toBe("3");
  await view.page.keyboard.press("Enter");
  await expect.poll(() => tab(view, "Rollouts").getAttribute("aria-selected")).toBe("true");
  expect(await view.page.getByLabel("Iteration", { exact: true }).inputValue()).toBe("3");
});

test("a click on a step of a chart leads to the rollouts of that iteration", async () => {
  const view = await open();
  await view.post("run", wholeRun(story));
  const over = view.page.locator("figure", { hasText: "Entropy" }).locator(".u-over");
  const box = (await over.boundingBox())!;
  await view.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const input = view.page.getByLabel("Iteration", { exact: true });
  await input.waitFor();
  expect(Math.abs(Number(await input.inputValue()) - 15.5)).toBeLessThanOrEqual(1);
});

test("a chosen rollout stays while iterations come; the latest is a button away", async () => {
  const view = await open();
  const events = numbered(runStory({ iterations: 12, rolloutId: (iteration) => `r${iteration}` }));
  const cut = events.findIndex(
    ({ type, ...rest }) => type === "iteration" && "iteration" in rest && rest.iteration === 5,
  );
  await view.post("run", wholeRun(events.slice(0, cut + 1)));
  await tab(view, "Rollouts").click();
  await view.page
    .getByRole("button", { name: /^Rollout 1:/ })
    .first()
    .click();
  expect((await view.sent()).at(-1)).toEqual({ method: "rollout", params: { trajectoryId: "r5" } });
  await view.post("events", { events: events.slice(cut + 1) });
  await view.page.getByRole("button", { name: "Show the latest (12)" }).waitFor();
  expect(await view.page.getByLabel("Iteration", { exact: true }).inputValue()).toBe("6");
});

test("groups of an iteration that the picture holds no more are asked for and shown", async () => {
  const view = await open();
  await view.post("run", wholeRun(numbered(runStory({ iterations: 400 }))));
  await tab(view, "Rollouts").click();
  const input = view.page.getByLabel("Iteration", { exact: true });
  await input.fill("4");
  await input.blur();
  await expect.poll(async () => (await view.sent()).at(-1)).toEqual({ method: "groups", params: { iteration: 3 } });
  const group = runStory({ iterations: 4, question: "An old question?" }).flatMap((event) =>
    event.type === "group" && event.group.iteration === 3 ? [event.group] : [],
  );
  await view.post("groups", { iteration: 3, groups: group });
  await view.page.getByRole("heading", { name: "An old question?" }).waitFor();
});

test("buttons steer the run by its state, and are off where the workspace is not trusted", async () => {
  const view = await open();
  await view.post("run", wholeRun(story));
  for (const [label, action] of [
    ["Pause", "pause"],
    ["Checkpoint", "checkpoint"],
    ["Stop", "stop"],
  ] as const) {
    await view.page.locator(".run-buttons").getByRole("button", { name: label }).click();
    expect((await view.sent()).at(-1)).toEqual({ method: "act", params: { action } });
  }
  await view.post("events", {
    events: numbered([{ type: "done", outcome: "failed", reason: "The engine ran out of memory." }], story.length),
  });
  await view.page.getByText("The engine ran out of memory.").first().waitFor();
  await expect
    .poll(() => view.page.locator(".run-buttons button").allTextContents())
    .toEqual([expect.stringContaining("Resume")]);
  await tab(view, "Checkpoints").click();
  await view.page.getByRole("button", { name: "Use This Checkpoint: iteration-30" }).click();
  expect((await view.sent()).at(-1)).toEqual({ method: "checkpoint", params: { name: "iteration-30", act: "use" } });
  await view.post("run", wholeRun(story, { restricted: "In Restricted Mode nothing is started." }));
  await view.page.getByText("In Restricted Mode nothing is started.").waitFor();
  expect(await view.page.locator(".run-buttons button:not([disabled])").count()).toBe(0);
});

/** Milliseconds of processor time that a page of a run of so many iterations takes for the events of 10 further ones. */
async function workOfFurther(iterations: number): Promise<number> {
  const view = await open();
  const { page } = view;
  const events = numbered(runStory({ iterations: iterations + 10, groups: 1, rollouts: 1 }));
  const starts = events.flatMap((event, at) =>
    event.type === "phase" && event.phase === "rollouts" && event.status === "begin" ? [at] : [],
  );
  const cut = starts[iterations]!;
  await view.post("run", wholeRun(events.slice(0, cut)));
  await page.getByRole("slider", { name: /^Reward points/ }).waitFor();
  await page.getByLabel("Smoothing").fill("0.9");
  const worked = await pageWork(page);
  const before = await worked();
  for (let iteration = 0; iteration < 10; iteration++) {
    const of = events.slice(starts[iterations + iteration], starts[iterations + iteration + 1]);
    await view.post("events", { events: of });
    await page.getByText(`iteration ${iterations + iteration + 1} of`).waitFor();
  }
  const work = (await worked()) - before;
  expect(view.faults).toEqual([]);
  await page.close();
  return work;
}

test("a further iteration costs little more after ten thousand than after a hundred", async () => {
  const few = await workOfFurther(100);
  const many = await workOfFurther(10_000);
  console.log(`10 further iterations: ${few.toFixed(0)} ms after 100, ${many.toFixed(0)} ms after 10,000`);
  expect(many / few).toBeLessThan(10);
});

test("what a page was set to comes back after it is thrown away", async () => {
  const view = await open();
  await view.post("run", wholeRun(story));
  await view.page.getByLabel("Smoothing").fill("0.5");
  await tab(view, "Checkpoints").click();
  await view.reload();
  await view.post("run", wholeRun(story));
  await expect.poll(() => tab(view, "Checkpoints").getAttribute("aria-selected")).toBe("true");
  await tab(view, "Charts").click();
  expect(await view.page.getByLabel("Smoothing").inputValue()).toBe("0.5");
});

test("text from documents, models and files is drawn as text wherever it comes from", async () => {
  const view = await open();
  const attack = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
  const events = numbered([
    ...runStory({ iterations: 5, question: attack }),
    { type: "iteration", iteration: 5, stage: attack, metrics: { [attack]: 1, __proto__: 2 } as never },
    { ...health, message: attack, level: "pause" },
    { type: "log", level: "error", message: attack },
    { type: "state", state: "paused", reason: attack },
  ]);
  await view.post("run", wholeRun(events, { recipe: attack, summary: { ...wholeRun([]).summary, name: attack } }));
  for (const name of ["Charts", "Rollouts", "Checkpoints", "Log", "Configuration"]) {
    await tab(view, name).click();
    expect(await view.page.locator("img, script:not([src])").count()).toBe(0);
  }
  expect(await view.page.evaluate(() => "hacked" in window)).toBe(false);
  expect(view.faults).toEqual([]);
  expect(view.foreignRequests).toEqual([]);
});

test("motion stops where the person asked for less of it", async () => {
  const view = await open();
  await view.page.emulateMedia({ reducedMotion: "reduce" });
  await view.post("run", wholeRun(story));
  const spinner = view.page.locator(".run-state .codicon");
  await spinner.waitFor();
  expect(await spinner.evaluate((element) => getComputedStyle(element).animationName)).toBe("none");
});
