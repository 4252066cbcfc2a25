import type { Frame } from "playwright-core";
import { expect } from "vitest";
import type { EditorWindow } from "./window.ts";

/**
 * Opens the retrieval inspector and searches in it. Its page is made anew each time it comes back into sight, so the one that a search was
 * filled into is given back.
 */
export async function inspect({ page, command }: EditorWindow, query: string): Promise<Frame> {
  await command("Searchlight: Inspect Retrieval");
  let frame: Frame | undefined;
  const filled = async (): Promise<boolean> => {
    // The latest is the one in sight.
    for (const each of page.frames()) if ((await each.title().catch(() => "")) === "Retrieval") frame = each;
    const field = frame?.getByLabel("Query");
    try {
      await field?.fill(query, { timeout: 2_000 });
      // The command brings the editor's selection as a query, which may come after what was filled in.
      await page.waitForTimeout(500);
      return (await field?.inputValue({ timeout: 2_000 })) === query;
    } catch {
      return false;
    }
  };
  await expect.poll(filled, { timeout: 60_000 }).toBe(true);
  await frame!.locator("tbody tr").first().waitFor({ timeout: 30_000 });
  return frame!;
}
