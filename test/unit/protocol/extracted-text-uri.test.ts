import fc from "fast-check";
import { expect, test } from "vitest";
import { extractedTextOf, extractedTextUri, isExtracted } from "../../../protocol/extracted-text-uri.ts";

test("an address of extracted text names its file and page, whatever their names hold", () => {
  fc.assert(
    fc.property(
      fc.record({ folder: fc.string(), path: fc.string({ unit: "grapheme" }) }),
      fc.option(fc.integer({ min: 1, max: 9_999 }), { nil: undefined }),
      (file, page) => {
        const which = { ...file, ...(page === undefined ? {} : { page }) };
        const uri = extractedTextUri(which);
        expect(uri).toMatch(/^searchlight-text:\/[^/?#]+\?[^#]*$/);
        expect(extractedTextOf(decodeURIComponent(uri.slice(uri.indexOf("?") + 1)))).toEqual(which);
      },
    ),
  );
});

test("a text without an address in it names nothing", () => {
  for (const query of ["", "{", "{}", '{"folder":1,"path":"a"}', '{"folder":"f","path":"a","page":0}'])
    expect(extractedTextOf(query)).toBeUndefined();
});

test("only files without lines of their own are shown as extracted text", () => {
  expect(["a.pdf", "b/A.PDF", "c.docx", "d.md", "e.pdf.md", "f.ipynb"].map((path) => isExtracted({ path }))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
