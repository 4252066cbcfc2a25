import { expect, test } from "vitest";
import { openWindow } from "./window.ts";

test("a window opens on a folder with the extension active, its views filled and nothing asked of the outside", async () => {
  await using window = await openWindow();
  await window.page.locator('.part.activitybar a.action-label[aria-label="Searchlight"]').click();
  await window.viewer().getByRole("heading", { name: "Ask the documents" }).waitFor({ timeout: 60_000 });
  await window.page.getByText("Questions asked in this workspace are listed here.").waitFor();
  await expect.poll(() => window.servers().length, { timeout: 30_000 }).toBe(1);
  await window.screenshot("window-opens");
  expect(window.errors).toEqual([]);
  expect([...window.foreignHosts]).toEqual([]);
});

test("a window without a folder says so and offers to open one", async () => {
  await using window = await openWindow({ folder: false });
  await window.page.locator('.part.activitybar a.action-label[aria-label="Searchlight"]').click();
  await window.viewer().getByRole("heading", { name: "No folder is open" }).waitFor({ timeout: 60_000 });
  await window.command("Searchlight: Ask");
  await window.page
    .locator(".notifications-toasts", { hasText: "No folder is open, so there are no documents to ask about." })
    .waitFor();
  await window.screenshot("window-without-folder");
  expect(window.errors).toEqual([]);
});
