import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EditorWindow, openWindow } from "./window.ts";

const demo = JSON.parse(readFileSync("samples/observatory/demo.json", "utf8")) as { question: string };

let window: EditorWindow;

beforeAll(async () => {
  window = await openWindow();
});

afterAll(() => window[Symbol.asyncDispose]());

/** Without the unbreakable spaces that the editor draws. */
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

const drawn = async (): Promise<string> => plain(await window.page.locator(".editor-instance .view-lines").innerText());

/** Colour of the first drawn piece of text that begins so. */
const colourOf = (beginning: string): Promise<string | undefined> =>
  window.page.locator(".editor-instance .view-lines").evaluate((lines, wanted) => {
    const piece = [...lines.querySelectorAll("span[class^=mtk]")].find(({ textContent }) =>
      (textContent ?? "").replaceAll("\u00a0", " ").startsWith(wanted),
    );
    return piece && getComputedStyle(piece).color;
  }, beginning);

test("the shown question opens as text from the palette, its segments in colours and its masked text in one of its own", async () => {
  await window.ask(demo.question);
  await window.viewer().getByRole("region", { name: "Answer" }).waitFor({ timeout: 90_000 });
  await window.command("Searchlight: Open Trajectory as Text");
  await window.page.locator(".tabs-container .tab.active", { hasText: /^[0-9A-Z]{26}\.trajectory/ }).waitFor();
  await expect.poll(drawn).toContain(`Question: ${demo.question}`);
  await expect.poll(() => colourOf("[prompt: ")).toBeDefined();
  // Ranges to fold come a moment after the colours.
  await window.page.locator(".editor-instance .codicon-folding-expanded").nth(2).waitFor({ state: "attached" });
  await window.command("Fold All Regions");
  await expect.poll(drawn).toMatch(/\[documents, environment: \d+ characters, masked, not trained on\]/);
  await expect.poll(drawn).not.toContain("You answer questions about a project's documents");
  await expect.poll(drawn).not.toContain("▒ ");
  await window.screenshot("trajectory-text-folded");
  await window.command("Unfold All Regions");
});

test("its outline lists turns, searches and the answer, and leads there", async () => {
  await window.command("Go to Symbol in Editor...");
  const list = window.page.locator(".quick-input-list");
  await list.getByRole("option", { name: /^Turn 1\b/ }).waitFor();
  await window.page.locator('.quick-input-widget input[type="text"]').fill("@documents");
  await list
    .getByRole("option", { name: /documents, environment: .*masked, not trained on/ })
    .first()
    .waitFor();
  await window.page.keyboard.press("Enter");
  await expect.poll(drawn).toContain("▒ <|begin_of_documents|>");
  await expect.poll(() => colourOf("▒ ")).toBeDefined();
  const colours = {
    masked: await colourOf("▒ "),
    query: await colourOf("<|begin_of_query|>"),
    heading: await colourOf("[query"),
  };
  await window.screenshot("trajectory-text");
  expect(new Set(Object.values(colours)).size).toBe(3);
  expect(Object.values(colours)).not.toContain(undefined);
});

test("it tells on hover where the masked documents come from, and cannot be written to", async () => {
  // The outline left the cursor on the heading of the documents.
  await window.command("Show or Focus Hover");
  const hover = window.page.locator(".monaco-hover", { hasText: "Masked, not trained on." });
  await hover.waitFor();
  expect(plain(await hover.innerText())).toMatch(/Search 1: [^]*1\.\s+\S+\.md:\d+/);
  await window.page.keyboard.press("Escape");
  const before = await drawn();
  // Closing the hover leaves the keyboard with the text.
  await window.page.keyboard.type("x");
  await window.page.getByText("Cannot edit in read-only editor").first().waitFor();
  expect(await drawn()).toBe(before);
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});
