import { afterAll, beforeAll, expect, test } from "vitest";
import { rolloutGroups } from "../fixtures/rollout-groups.ts";
import { twoHopStory } from "../fixtures/story.ts";
import { violations } from "./axe.ts";
import { serveFile } from "./file-page.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

/** From then on numbers cannot be written: one alone, or none at all. Answers what takes that back. */
async function breakNumbers({ page }: ViewerPage, one?: number): Promise<() => Promise<void>> {
  await page.evaluate((one) => {
    const whole = Number.prototype.toFixed;
    Object.assign(window, { mend: () => (Number.prototype.toFixed = whole) });
    Number.prototype.toFixed = function (digits) {
      if (one === undefined || Number(this) === one) throw new Error("numbers cannot be written");
      return whole.call(this, digits);
    };
  }, one);
  return () => page.evaluate(() => (window as unknown as { mend(): void }).mend());
}

const methodsOf = async (view: ViewerPage): Promise<string[]> => (await view.sent()).map(({ method }) => method);

test("a trajectory that makes drawing throw is told of in the page, and leads to a reload and to its text", async () => {
  const view = await viewer.open();
  await breakNumbers(view);
  await view.post("show", { trajectory: twoHopStory().trajectory, live: false, empty: "no-question" });
  const told = view.page.getByRole("alert");
  await told.getByText("This page could not be drawn").waitFor();
  expect(await told.textContent()).toContain("numbers cannot be written");
  expect(await violations(view.page)).toEqual([]);
  await told.getByRole("button", { name: "Reload" }).click();
  await told.getByRole("button", { name: "Open as Text" }).click();
  expect(await methodsOf(view)).toEqual(["ready", "fault", "reload", "asText"]);
  expect(view.faults).toEqual([]);
});

test("a record of a file that cannot be drawn takes nothing else of the page with it", async () => {
  const groups = rolloutGroups({ steps: 1, prompts: 1, samples: 4 });
  const broken = structuredClone(groups[1]!);
  broken.searches[0]!.hits[0]!.words!.score = 123;
  const records = [groups[0]!, broken, ...groups.slice(2)];
  const view = await viewer.open({ name: "trajectories", width: 1200 });
  await breakNumbers(view, 123);
  const served = await serveFile(view, records.map((each) => `${JSON.stringify(each)}\n`).join(""));
  const { page } = view;
  try {
    await page.getByRole("region", { name: "Record" }).waitFor();
    await page.locator("#row-1").click();
    await page.getByRole("alert").getByText("This record could not be drawn").waitFor();
    expect(await page.locator("#row-list [role=option]").count()).toBe(4);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Open as Text" }).click();
    expect((await methodsOf(view)).filter((method) => ["fault", "asText"].includes(method))).toEqual([
      "fault",
      "asText",
    ]);
    await page.locator("#row-2").click();
    await page.getByRole("region", { name: "Record" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  } finally {
    served.close();
  }
});

for (const [what, spoil] of [
  ["a script that never comes", async ({ page }: ViewerPage) => page.route("**/viewer.js", (route) => route.abort())],
  [
    "a script that throws while it starts",
    async ({ page }: ViewerPage) =>
      page.addInitScript(() =>
        Object.assign(window, {
          acquireVsCodeApi: () => {
            throw new Error("no editor");
          },
        }),
      ),
  ],
  [
    "a first drawing that throws",
    async ({ page }: ViewerPage) =>
      page.addInitScript(() => {
        document.createElement = () => {
          throw new Error("no elements");
        };
        document.createElementNS = () => {
          throw new Error("no elements");
        };
      }),
  ],
] as const) {
  test(`with ${what} a sentence in the page says after a while how to go on`, async () => {
    const view = await viewer.open();
    await spoil(view);
    const { page } = view;
    await page.goto("https://viewer.test/");
    await page.getByText("Searchlight is starting.").waitFor();
    const sentence = page.getByText(/This page has not started/);
    expect(await sentence.isVisible()).toBe(false);
    await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
    await sentence.waitFor();
    expect(await sentence.textContent()).toContain("Reload Webviews");
    await page.evaluate(() =>
      ["createElement", "createElementNS"].forEach((name) => Reflect.deleteProperty(document, name)),
    );
    expect(await violations(page)).toEqual([]);
  });
}

test("with reduced motion as well the sentence is not seen before its time", async () => {
  const view = await viewer.open();
  const { page } = view;
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.route("**/viewer.js", (route) => route.abort());
  await page.goto("https://viewer.test/");
  await page.getByText("Searchlight is starting.").waitFor();
  expect(await page.getByText(/This page has not started/).isVisible()).toBe(false);
});
