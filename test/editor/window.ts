import type { Page } from "playwright-core";
import { expect } from "vitest";
import { type EditorWindow, openEditorWindow, type WindowOptions } from "./editor-window.ts";

export type { EditorWindow } from "./editor-window.ts";

/** Opens a window for a test; how it looked in the end, which is what a failure is understood by, is kept under the test's name. */
export function openWindow(options: WindowOptions = {}): Promise<EditorWindow> {
  const nameAtEnd = (): string =>
    `end-${(expect.getState().currentTestName ?? "of-file").replace(/\W+/g, "-").slice(0, 60)}`;
  return openEditorWindow({ ...options, nameAtEnd });
}

/** Line number of the cursor in the open editor's file, as the status bar tells it. */
export async function selectedLines(page: Page): Promise<{ line: number; characters: number }> {
  const status = page.locator('.statusbar-item[id="status.editor.selection"]');
  await expect.poll(() => status.textContent(), { timeout: 45_000 }).toMatch(/Ln \d+/);
  const text = (await status.textContent()) ?? "";
  return { line: Number(/Ln (\d+)/.exec(text)?.[1]), characters: Number(/\((\d+) selected\)/.exec(text)?.[1] ?? 0) };
}
