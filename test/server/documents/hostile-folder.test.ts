import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeSkipped } from "../../../protocol/index-status.ts";
import { openFolder } from "../../../server/home.ts";
import { openFolderIndex } from "../../../server/index/folder-index.ts";
import { pdfOf, zipOf } from "../../fixtures/book-files.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-hostile-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

test("a folder of files that cannot be read is indexed for the rest, and each of them is listed with its reason", async () => {
  const docs = join(root, "docs");
  mkdirSync(docs);
  const write = (path: string, content: string | Buffer): void => writeFileSync(join(docs, path), content);
  write("guide.md", "# Domes\n\nThe dome opens at dusk.\n");
  write("manual.pdf", await pdfOf([[{ text: "The lens was ground in 1923." }]]));
  write("secret.pdf", await pdfOf([[{ text: "secret" }]], { userPassword: "a", ownerPassword: "b" }));
  write("scan.pdf", await pdfOf([[], []]));
  write("half.pdf", await pdfOf([[{ text: "The cover is blue." }], [], []]));
  write("broken.pdf", "%PDF-1.4 and no more");
  const content = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${" ".repeat(70 * 2 ** 20)}</w:t></w:r></w:p></w:body></w:document>`;
  write("bomb.docx", await zipOf({ "word/document.xml": content }));
  write("old.docx", Buffer.from("d0cf11e0a1b11ae1", "hex"));
  write("pack.zip", await zipOf({ "a.md": "# Hidden" }));
  write("tool.exe", "MZ");
  write("photo.jpg", Buffer.from([0xff, 0xd8]));
  write("binary.md", Buffer.from([1, 0, 2]));
  write("bundle.min.js", `!function(){${"a=b;".repeat(3_000)}}();\n`);
  write("huge.md", "");
  truncateSync(join(docs, "huge.md"), 2 ** 30);
  symlinkSync(docs, join(docs, "loop"));

  const index = await openFolderIndex(openFolder(docs, join(root, "home")));
  try {
    await index.update(new AbortController().signal);
    const { skipped, state } = index.status();
    // Without an embedder; nothing of the folder makes it more than that.
    expect(state).toBe("degraded");
    expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      "secret.pdf": "encrypted: it opens only with a password; save a copy without one",
      "scan.pdf": "scanned: none of its 2 pages holds text; recognise the text (OCR) and save it again",
      "half.pdf": "2 of 3 pages hold no text (scanned or blank) and are not searched",
      "broken.pdf": "damaged, or no PDF",
      "bomb.docx": "it would unpack to more than 64 MiB",
      "old.docx": "encrypted, or in Word's format before 2007; save it as .docx without a password",
      "pack.zip": "archive, which is not opened",
      "tool.exe": "program or library",
      "photo.jpg": "image",
      "binary.md": "binary file",
      "bundle.min.js": "minified or generated code",
      "huge.md": "larger than 5 MiB",
      loop: "symbolic link to a folder, which is not entered",
    });
    expect(describeSkipped(skipped)).toMatch(/^13 files skipped because: /);
    for (const [query, path] of [
      ["dusk", "guide.md"],
      ["lens", "manual.pdf"],
      ["cover", "half.pdf"],
    ]) {
      const { hits } = await index.search(query!, 3, "words", new AbortController().signal);
      expect(hits[0]?.passage.place?.path).toBe(path);
    }
  } finally {
    await index.close();
  }
});
