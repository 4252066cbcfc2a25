import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { domeHits, domeQuery, retrievedHits } from "../fixtures/retrieved-hits.ts";
import { payloads } from "../fixtures/payloads.ts";
import { violations } from "./axe.ts";
import { type ThemeName, themes } from "./themes.ts";
import { startViewer, type ViewerPage } from "./viewer-page.ts";

const folders = [
  { id: "observatory", name: "observatory" },
  { id: "site-1", name: "docs.example.org/guide" },
];

const hostileTexts = Object.values(payloads);

let viewer: Awaited<ReturnType<typeof startViewer>>;
beforeAll(async () => {
  viewer = await startViewer();
});
afterAll(() => viewer.close());

async function opened(options: { theme?: ThemeName; width?: number } = {}): Promise<ViewerPage> {
  const view = await viewer.open({ name: "inspector", width: 900, height: 700, ...options });
  await view.post("state", { folders });
  return view;
}

/** The searches that the page asked for. */
async function searches(view: ViewerPage) {
  return (await view.sent()).flatMap(({ method, params }) =>
    method === "search" ? [params as { query: string; mode: string; k: number; seq: number }] : [],
  );
}

async function searched(view: ViewerPage, query = domeQuery, hits = domeHits()): Promise<void> {
  await view.page.getByLabel("Query").fill(query);
  await expect.poll(async () => (await searches(view)).at(-1)?.query).toBe(query);
  const { seq } = (await searches(view)).at(-1)!;
  await view.post("found", { seq, hits, milliseconds: 12.4, coverage: "observatory: vectors for 90 of 100 passages" });
}

describe("a query", () => {
  test("shows of each passage both legs' ranks and scores, the fused score, the matched words and its place", async () => {
    const view = await opened();
    await searched(view);
    const rows = view.page.locator("tbody tr");
    await rows.first().waitFor();
    expect(await rows.count()).toBe(4);
    const first = rows.first();
    expect(await first.locator("td").nth(1).innerText()).toMatch(/#1\s+11\.42/);
    expect(await first.locator("td").nth(2).innerText()).toMatch(/#2\s+0\.742/);
    expect(await first.locator("td").nth(3).innerText()).toMatch(/0\.0931\s+0\.048 \+ 0\.045/);
    expect(await first.locator(".term").allInnerTexts()).toEqual(["domes", "cool", "opening"]);
    expect(await first.locator("mark").allInnerTexts()).toEqual(expect.arrayContaining(["cool", "dome", "opened"]));
    expect(await first.getByRole("button", { name: "Open domes/north-dome.md:18-20" }).count()).toBe(1);
    expect(await first.locator(".source").innerText()).toBe("observatory");
    expect(await rows.nth(2).locator("td").nth(2).innerText()).toContain("not found by vectors");
    expect(await rows.nth(3).innerText()).toContain("no word of the query");
    expect(await rows.nth(1).innerText()).toMatch(/× 0\.80 for repetition[^]*1 near copy left out/);
    expect(await view.page.locator(".summary").innerText()).toContain("4 passages in 12 ms");
    expect(await view.page.locator(".summary").innerText()).toContain("vectors for 90 of 100 passages");
    expect(await view.page.getByRole("status").innerText()).toBe("4 passages in 12 ms.");
    expect(view.faults).toEqual([]);
  });

  test("opens the place that is clicked", async () => {
    const view = await opened();
    await searched(view);
    await view.page.getByRole("button", { name: /^Open instruments/ }).click();
    const open = (await view.sent()).find(({ method }) => method === "open");
    expect(open).toMatchObject({ params: { place: { path: "instruments/kestrel/cooling.md", startLine: 3 } } });
  });

  test("shows what stands around a passage in its file, and hides it again", async () => {
    const view = await opened();
    await searched(view);
    const row = view.page.locator("tbody tr").first();
    await row.getByRole("button", { name: "Around it: passage 1" }).click();
    const asked = (await view.sent()).find(({ method }) => method === "around")!.params as { passage: string };
    const [before] = retrievedHits([{ path: "domes/north-dome.md", title: "North dome", text: "What stands before." }]);
    await view.post("around", { passage: asked.passage, neighbours: { before: [before!.passage], after: [] } });
    await row.getByRole("group", { name: "Before it" }).getByText("What stands before.").waitFor();
    expect(await row.getByRole("group", { name: "After it" }).innerText()).toBe("The file ends here.");
    expect(await violations(view.page)).toEqual([]);
    await row.getByRole("button", { name: "Without what is around it: passage 1" }).click();
    expect(await row.getByRole("group").count()).toBe(0);
    expect(view.faults).toEqual([]);
  });

  test("is sent once it is typed, and again when the legs or the count change", async () => {
    const view = await opened();
    // Letter upon letter without a pause between them, which a busy machine would make.
    await view.page.getByLabel("Query").evaluate((input) => {
      for (const typed of ["d", "do", "dom", "dome"]) {
        (input as HTMLInputElement).value = typed;
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }
    });
    await expect.poll(() => searches(view)).toHaveLength(1);
    await view.page.getByLabel("Search by").selectOption("words");
    await view.page.getByLabel("Passages").selectOption("50");
    await expect.poll(() => searches(view)).toHaveLength(3);
    expect((await searches(view)).at(-1)).toMatchObject({ query: "dome", mode: "words", k: 50 });
    await view.page.getByLabel("Query").fill("");
    await view.page.waitForTimeout(400);
    expect(await searches(view)).toHaveLength(3);
  });

  test("is answered by the answer to itself alone", async () => {
    const view = await opened();
    await searched(view);
    await view.page.getByLabel("Query").fill("wind");
    await expect.poll(async () => (await searches(view)).length).toBe(2);
    const [first, second] = await searches(view);
    await view.post("found", { seq: first!.seq, hits: [], milliseconds: 1 });
    await view.post("searchFailed", { seq: first!.seq, message: "The first failed." });
    expect(await view.page.locator("tbody tr").count()).toBe(4);
    await view.post("searchFailed", { seq: second!.seq, message: "The index could not be searched; rebuild it." });
    await view.page.getByText("The index could not be searched").first().waitFor();
    expect(await view.page.locator("tbody tr").count()).toBe(0);
    await view.page.getByRole("button", { name: "Search" }).click();
    await view.post("found", { seq: (await searches(view)).at(-1)!.seq, hits: [], milliseconds: 3 });
    await view.page.getByText("Nothing found, in 3 ms.").first().waitFor();
  });

  test("that was searched for before a reload is searched for after it", async () => {
    const view = await opened();
    await searched(view);
    await view.page.getByLabel("Search by").selectOption("vectors");
    await view.reload();
    await expect.poll(async () => (await searches(view)).at(-1)).toMatchObject({ query: domeQuery, mode: "vectors" });
    expect(await view.page.getByLabel("Query").inputValue()).toBe(domeQuery);
  });

  test("can be given by the editor", async () => {
    const view = await opened();
    await view.post("query", { query: "wind limit" });
    await expect.poll(async () => (await searches(view)).at(-1)?.query).toBe("wind limit");
  });
});

describe("by keys alone", () => {
  test("a person types, goes through the places, unfolds a passage, opens a place and returns", async () => {
    const view = await opened();
    const { page } = view;
    const focused = () =>
      page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id);
    expect(await focused()).toBe("Query");
    await searched(view);
    await page.locator("tbody tr").first().waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toMatch(/^Open domes/);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("All of it: passage 1");
    await page.keyboard.press("Enter");
    expect(await page.locator("tbody tr").first().locator(".excerpt").innerText()).toContain(
      "whatever the temperature",
    );
    await page.keyboard.press("j");
    expect(await focused()).toMatch(/^Open procedures/);
    await page.keyboard.press("End");
    expect(await focused()).toMatch(/^Open guide/);
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect((await view.sent()).filter(({ method }) => method === "open")).toHaveLength(1);
    await page.keyboard.press("Escape");
    expect(await focused()).toBe("Query");
    await page.keyboard.press("Tab");
    await page.keyboard.press("/");
    expect(await focused()).toBe("Query");
  });
});

test.each(Object.keys(themes) as ThemeName[])(
  "no accessibility rule is broken in %s, empty, filled and failed",
  async (theme) => {
    const view = await opened({ theme });
    expect(await violations(view.page)).toEqual([]);
    await view.post("state", { folders, note: "Indexing 40 %: search goes by words until the vectors are complete." });
    await searched(view);
    await view.page.locator("tbody tr").first().waitFor();
    expect(await violations(view.page)).toEqual([]);
    await view.screenshot(`inspector-${theme}`);
    await view.post("searchFailed", {
      seq: (await searches(view)).at(-1)!.seq,
      message: "The index could not be searched.",
    });
    await view.page.locator(".trouble").waitFor();
    expect(await violations(view.page)).toEqual([]);
  },
);

test("in a narrow panel nothing is wider than the panel", async () => {
  const view = await opened({ width: 420 });
  await searched(view, domeQuery, [
    ...domeHits(),
    ...retrievedHits([{ path: `${"deep/".repeat(30)}page.md`, title: "x".repeat(400), text: "y".repeat(2000) }]).map(
      (hit) => ({
        ...hit,
        rank: 5,
      }),
    ),
  ]);
  await view.page.locator("tbody tr").nth(4).waitFor();
  const wide = await view.page.evaluate(
    () => document.querySelector("main")!.scrollWidth - document.querySelector("main")!.clientWidth,
  );
  expect(wide).toBeLessThanOrEqual(0);
});

test("hostile text of documents is drawn as text: nothing runs, nothing is fetched", async () => {
  const view = await opened();
  const hits = retrievedHits(
    hostileTexts.map((text, at) => ({
      path: `${at}/${text.slice(0, 200)}`,
      title: text,
      text,
      words: [at + 1, 1] as [number, number],
      matched: [text.slice(0, 50)],
    })),
  );
  await view.post("state", {
    folders: [{ id: "observatory", name: hostileTexts[0]! }, ...folders.slice(1)],
    note: hostileTexts[0]!,
  });
  await searched(view, hostileTexts[0], hits);
  await view.page
    .locator("tbody tr")
    .nth(hits.length - 1)
    .waitFor();
  await view.unfoldAll();
  const page = await view.page.evaluate(() => ({
    taken: (window as unknown as { taken?: boolean }).taken,
    elements: document.querySelectorAll("img, iframe, object, embed, base, a, svg, style, form[action]").length,
    text: document.body.innerText,
  }));
  expect(page).toMatchObject({ taken: undefined, elements: 0 });
  expect(page.text).toContain("<script>window.taken = true</script>");
  // oxlint-disable-next-line no-misleading-character-class
  expect(page.text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u200e\ufeff\u001b]/);
  expect(view.faults).toEqual([]);
  expect(view.foreignRequests).toEqual([]);
});
