import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sampleRun } from "../fixtures/rollout-groups.ts";
import { serveFile } from "../webview/file-page.ts";
import type { ThemeName } from "../webview/themes.ts";
import { startViewer } from "../webview/viewer-page.ts";
import { type EditorWindow, openEditorWindow } from "./editor-window.ts";

const folder = "docs/images";
const colourThemes = { dark: "Default Dark Modern", light: "Default Light Modern" } as const;

type ReadmeTheme = keyof typeof colourThemes & ThemeName;

/** Takes the README's pictures: the demo question in a real window, and a group of the sample run. */
async function picture(): Promise<void> {
  for (const theme of ["dark", "light"] as const) {
    await trajectory(theme);
    await group(theme);
  }
}

/** The demo question answered, its last citation clicked, so that the cited line is selected in the editor. */
async function trajectory(theme: ReadmeTheme): Promise<void> {
  const { question } = JSON.parse(readFileSync("samples/observatory/demo.json", "utf8")) as { question: string };
  await using window = await openEditorWindow({
    viewport: { width: 1500, height: 1000 },
    settings: {
      "workbench.colorTheme": colourThemes[theme],
      "workbench.startupEditor": "none",
      "editor.lightbulb.enabled": "off",
      "editor.cursorBlinking": "solid",
    },
  });
  const { page } = window;
  await indexed(window);
  await window.ask(question);
  const answer = window.viewer().getByRole("region", { name: "Answer" });
  await answer.waitFor({ timeout: 90_000 });
  await widenSidebar(window, 560);
  const citation = answer.getByRole("list", { name: "Citations" }).getByRole("listitem").last();
  await citation.locator(".status", { hasText: "verified" }).waitFor();
  await citation.getByRole("button", { name: /^Open / }).click();
  await page.locator('.statusbar-item[id="status.editor.selection"]', { hasText: "selected" }).waitFor();
  await page.locator(".view-line .mtkb").first().waitFor();
  await page.locator(".statusbar-item", { hasText: "Activating Extensions" }).waitFor({ state: "detached" });
  await page.mouse.move(1100, 700);
  // The answer's end at the lower edge leaves room above it for the last masked documents.
  await answer.evaluate((element) => element.scrollIntoView({ block: "end" }));
  await save(window.page, `trajectory-${theme}`);
}

async function indexed({ page }: EditorWindow): Promise<void> {
  await page.locator(".statusbar-item", { hasText: /^\s*\d+ files/ }).waitFor({ timeout: 120_000 });
}

/** Drags the border between sidebar and editor to `x` pixels from the left. */
async function widenSidebar({ page }: EditorWindow, x: number): Promise<void> {
  const box = (await page.locator(".part.sidebar").boundingBox())!;
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + box.width, y);
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
}

/** The rollouts of a prompt in columns, in the page of a file. */
async function group(theme: ReadmeTheme): Promise<void> {
  const viewer = await startViewer();
  try {
    const view = await viewer.open({ name: "trajectories", theme, width: 1400, height: 860 });
    const served = await serveFile(view, sampleRun());
    await view.page.getByRole("tab", { name: "Group" }).click();
    await view.page.locator(".columns .text").first().waitFor();
    await save(view.page, `group-${theme}`);
    served.close();
  } finally {
    await viewer.close();
  }
}

async function save(page: EditorWindow["page"], name: string): Promise<void> {
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  console.log(path);
}

await picture();
