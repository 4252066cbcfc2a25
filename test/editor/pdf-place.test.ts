import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pdfOf } from "../fixtures/book-files.ts";
import { openWindow, selectedLines } from "./window.ts";

test("a citation in a PDF opens the page's text with the quote selected, and from there the file", async () => {
  const bytes = await pdfOf([
    [{ text: "The Pewter Lens", size: 24 }],
    [
      { text: "Making", size: 16 },
      { text: "The pewter lens was ground by Odalinde Finch in 1923." },
      { text: "It was silvered in the year after." },
    ],
  ]);
  await using window = await openWindow({ prepare: (folder) => writeFileSync(join(folder, "pewter.pdf"), bytes) });
  await window.ask("Who ground the pewter lens?");
  const citation = window
    .viewer()
    .getByRole("list", { name: "Citations" })
    .getByRole("listitem")
    .filter({ hasText: "Odalinde Finch" })
    .first();
  await citation.waitFor({ timeout: 90_000 });
  const open = citation.getByRole("button", { name: /^Open / });
  expect(await open.getAttribute("aria-label")).toContain("(page 2)");
  const quote = (await citation.locator("blockquote").textContent()) ?? "";
  await open.click();
  await window.page.locator(".tabs-container .tab.active", { hasText: "pewter.pdf, page 2.txt" }).waitFor();
  await expect.poll(async () => (await selectedLines(window.page)).characters, { timeout: 45_000 }).toBe(quote.length);
  await window.page.locator(".codelens-decoration", { hasText: "Open pewter.pdf (page 2)" }).waitFor();
  await window.screenshot("pdf-citation-opened");
  expect(window.errors).toEqual([]);
});
