import { afterAll, beforeAll, expect, test } from "vitest";
import type { Trajectory } from "../../protocol/trajectory.ts";
import { Story, twoHopStory } from "../fixtures/story.ts";
import { type Trained, trainedTrajectory, withTokens } from "../fixtures/trained-trajectory.ts";
import { violations } from "./axe.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer?.close());

async function showTokens(view: ViewerPage, { trajectory, texts }: Trained): Promise<void> {
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("button", { name: "Tokens", exact: true }).click();
  await expect.poll(async () => (await view.sent()).map(({ method }) => method)).toContain("tokenTexts");
  await view.post("tokenTexts", { trajectoryId: trajectory.id, texts });
  await view.page.locator("#token-0", { hasText: /./ }).waitFor();
}

for (const theme of Object.keys(themes) as ThemeName[]) {
  test(`tokens have no accessibility violation in the ${theme} theme`, async () => {
    const view = await viewer.open({ theme, width: 520 });
    await showTokens(view, trainedTrajectory());
    await view.page.getByLabel("Shade tokens by").selectOption("advantage");
    expect(await violations(view.page)).toEqual([]);
    await view.screenshot(`tokens-${theme}`);
  });
}

test("the readout says every number of the token under the cursor, by keyboard and by pointer", async () => {
  const view = await viewer.open({ width: 520 });
  const trained = trainedTrajectory();
  const { trajectory, texts } = trained;
  await showTokens(view, trained);
  const first = trajectory.segments.find(({ kind }) => kind === "think")!.tokenStart!;
  const readout = view.page.getByRole("status", { name: "Token" });
  await view.page.getByRole("listbox").focus();
  await view.page.keyboard.press("Home");
  for (let index = 0; index < first; index++) await view.page.keyboard.press("ArrowRight");
  const { logprobs, advantages, ratios, kl } = trajectory.tokens!;
  const said = (await readout.innerText()).replace(/\s+/g, " ");
  expect(said).toContain(`${first + 1} of ${texts.length}`);
  expect(said).toContain("policy, trained on");
  for (const [label, values] of Object.entries({
    "log-prob": logprobs,
    advantage: advantages,
    ratio: ratios,
    KL: kl,
  })) {
    const number = values![first]!.toFixed(4).replace("-", "−");
    expect(said).toContain(`${label} ${number}`);
  }
  const masked = trajectory.segments.find(({ kind }) => kind === "documents")!.tokenStart!;
  await view.page.locator(`#token-${masked}`).hover();
  expect(await readout.innerText()).toContain("masked, not trained on");
  expect((await readout.innerText()).replace(/\s+/g, " ")).toContain("log-prob –");
});

test("the mask under the tokens follows who wrote the segment", async () => {
  const view = await viewer.open({ width: 520 });
  const trained = trainedTrajectory();
  await showTokens(view, trained);
  for (const { origin, tokenStart } of trained.trajectory.segments.slice(0, 4)) {
    const row = view.page.locator(`#token-${tokenStart}`).locator("xpath=..");
    expect(await row.getAttribute("class")).toContain(`mask-${origin}`);
  }
});

test("without the tokenizer ids are shown and the reason is said", async () => {
  const view = await viewer.open({ width: 520 });
  const { trajectory } = trainedTrajectory();
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await view.page.getByRole("button", { name: "Tokens", exact: true }).click();
  await view.post("tokenTexts", { trajectoryId: trajectory.id, texts: null });
  await view.page.getByText(/tokenizer words is not on this machine/).waitFor();
  expect(await view.page.locator("#token-0").textContent()).toBe(`#${trajectory.tokens!.ids[0]} `);
});

test("a rule that is chosen in token mode leads to its text", async () => {
  const view = await viewer.open({ width: 520 });
  await showTokens(view, trainedTrajectory());
  await view.page.getByRole("button", { name: /answer-length/ }).click();
  await view.page.locator("mark.chosen").first().waitFor();
});

/** Three turns of documents that together have at least so many tokens. */
function longTrajectory(tokens: number): Trained {
  const story = new Story();
  const { searches } = twoHopStory().trajectory;
  const words = "the dome of the older telescope opens towards the north ridge at dusk, and then ";
  for (let turn = 0; turn < 8; turn++) {
    story.write("think", `<think>${words.repeat(tokens / 8 / 16 / 2)}</think>\n`);
    story.search("dome", searches[0]!.hits, { insertedHits: 1 });
    story.write("documents", words.repeat(tokens / 8 / 16 / 2), "environment");
  }
  const { trajectory } = story.write("answer", "<answer>FW-2</answer>").done();
  return withTokens(trajectory);
}

test("of 32 k tokens those in sight are drawn, wherever the reader is", async () => {
  const view = await viewer.open({ width: 700, height: 900 });
  const { page } = view;
  const trained = longTrajectory(33_000);
  const { trajectory, texts } = trained;
  expect(texts.length).toBeGreaterThan(32_000);
  await view.post("show", { trajectory, live: false, empty: "no-question" });
  await page.getByRole("button", { name: "Tokens", exact: true }).click();
  await page.locator("#token-0").waitFor();
  await view.post("tokenTexts", { trajectoryId: trajectory.id, texts });
  await page.locator("#token-0", { hasText: texts[0]! }).waitFor();
  expect(await page.locator("[data-token]").count()).toBeLessThan(3000);
  const list = page.locator(".token-list");
  for (const share of [0.3, 0.6, 1]) {
    await list.evaluate((element, share) => (element.scrollTop = share * element.scrollHeight), share);
    await expect.poll(() => page.locator("#token-0").count()).toBe(0);
    const first = page.locator("[data-token]").first();
    await expect.poll(async () => Number(await first.getAttribute("data-token"))).toBeGreaterThan(share * 25_000);
    expect(await page.locator("[data-token]").count()).toBeLessThan(3000);
  }
});

test("the last token is reached by one key, whatever the length", async () => {
  const view = await viewer.open({ width: 520 });
  const trained = longTrajectory(4000);
  await showTokens(view, trained);
  await view.page.getByRole("listbox").focus();
  await view.page.keyboard.press("End");
  const last = trained.texts.length - 1;
  await view.page.locator(`#token-${last}`).waitFor();
  await expect.poll(() => view.page.locator(`#token-${last}`).isVisible()).toBe(true);
  expect(await view.page.getByRole("status", { name: "Token" }).innerText()).toContain(`${last + 1} of ${last + 1}`);
});

test("values of the wrong length or kind break nothing", async () => {
  const view = await viewer.open({ width: 520 });
  const { trajectory } = trainedTrajectory();
  const hostile: Trajectory = {
    ...trajectory,
    tokens: { ...trajectory.tokens!, logprobs: [null, -1], advantages: [], kl: [null, null, 5e300], ratios: [1] },
    segments: trajectory.segments.map((segment) => ({ ...segment, tokenStart: 5_000_000, tokenEnd: 3 })),
  };
  await view.post("show", { trajectory: hostile, live: false, empty: "no-question" });
  await view.page.getByRole("button", { name: "Tokens", exact: true }).click();
  await view.page.locator("#token-0").waitFor();
  expect(view.faults).toEqual([]);
});
