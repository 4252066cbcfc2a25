import { expect, test } from "vitest";
import { openWindow } from "./window.ts";

test("the index of an opened folder gets all its vectors, and its status can be read from the palette", async () => {
  await using window = await openWindow();
  await window.page.locator(".statusbar-item", { hasText: /^\s*\d+ files/ }).waitFor({ timeout: 180_000 });
  await window.command("Searchlight: Show Index Status");
  const row = window.page.locator(".quick-input-list", { hasText: "vectors" });
  await row.waitFor();
  await window.screenshot("index-status");
  // One number once every vector is there, two until then.
  const [, vectors] = /(?<!\d of )\b(\d+) vectors/.exec((await row.textContent()) ?? "") ?? [];
  expect(Number(vectors)).toBeGreaterThan(100);
});
