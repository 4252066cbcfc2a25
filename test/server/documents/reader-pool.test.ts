import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ReaderPool, openReaderPool } from "../../../server/documents/reader-pool.ts";
import { readFileIn } from "../../../server/documents/reread.ts";
import { openFolder } from "../../../server/home.ts";
import { pdfOf } from "../../fixtures/book-files.ts";

// Reading the slow files takes many times that anywhere, loading what reads the good ones less also on a busy machine.
const slowSeconds = 8;
vi.setConfig({ testTimeout: 120_000 });

let root: string;
let pool: ReaderPool | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-pool-"));
});
afterEach(async () => {
  await pool?.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const read = (path: string) => pool!.read({ folderPath: root, folder: "f", path }, new AbortController().signal);

/** A PDF of one page whose content is the given stream, packed. */
function pdfOfStream(content: Buffer): Buffer {
  const packed = deflateSync(content);
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
    undefined,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  const pieces: Buffer[] = [Buffer.from("%PDF-1.4\n")];
  for (const [index, object] of objects.entries()) {
    pieces.push(Buffer.from(`${index + 1} 0 obj\n`));
    if (object) pieces.push(Buffer.from(object));
    else
      pieces.push(
        Buffer.from(`<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`),
        packed,
        Buffer.from("\nendstream"),
      );
    pieces.push(Buffer.from("\nendobj\n"));
  }
  pieces.push(Buffer.from("trailer << /Root 1 0 R >>\n"));
  return Buffer.concat(pieces);
}

test("a PDF that would never be read to its end is given up, and the next file is read", async () => {
  // Memory for more than the quickest machine parses in that time, so that time is what ends it.
  pool = openReaderPool({ seconds: slowSeconds, mebibytes: 4096 });
  // Ten million moves and words: minutes of work for the parser, kilobytes on disk.
  const line = Buffer.from("BT /F 9 Tf 1 0 0 1 9 9 Tm (a) Tj ET\n");
  writeFileSync(join(root, "slow.pdf"), pdfOfStream(Buffer.concat(Array.from({ length: 1_500_000 }, () => line))));
  writeFileSync(join(root, "good.md"), "# Domes\n\nThe dome opens at dusk.\n");
  expect(await read("slow.pdf")).toEqual({
    kind: "skipped",
    reason: `reading took more than ${slowSeconds} s`,
    lasting: true,
  });
  expect(await read("good.md")).toMatchObject({ kind: "read" });
});

test("files that wait behind one that hangs are read, and one that is called off waits no longer", async () => {
  pool = openReaderPool({ seconds: slowSeconds, mebibytes: 4096 });
  writeFileSync(join(root, "slow.html"), "<div>".repeat(500_000));
  for (const name of ["a.md", "b.md"]) writeFileSync(join(root, name), "# Domes\n\nThe dome opens at dusk.\n");
  const calledOff = new AbortController();
  const slow = read("slow.html");
  const waiting = pool.read({ folderPath: root, folder: "f", path: "a.md" }, calledOff.signal);
  const behind = [read("a.md"), read("b.md")];
  calledOff.abort();
  await expect(waiting).rejects.toThrow("aborted");
  expect(await slow).toEqual({ kind: "skipped", reason: `reading took more than ${slowSeconds} s`, lasting: true });
  for (const outcome of await Promise.all(behind)) expect(outcome).toMatchObject({ kind: "read" });
});

test("a PDF that unpacks without end is given up by its memory, and the next file is read", async () => {
  pool = openReaderPool({ seconds: 60, mebibytes: 128 });
  writeFileSync(join(root, "bomb.pdf"), pdfOfStream(Buffer.alloc(600 * 2 ** 20, " ")));
  writeFileSync(join(root, "good.md"), "# Domes\n\nThe dome opens at dusk.\n");
  expect(await read("bomb.pdf")).toEqual({
    kind: "skipped",
    reason: "reading needed more than 128 MiB",
    lasting: true,
  });
  expect(await read("good.md")).toMatchObject({ kind: "read" });
});

test("a page is read again where it stands: from disk, in a worker, also when the file changed", async () => {
  const folder = openFolder(root, join(root, ".home"));
  const page = (text: string) => pdfOf([[{ text: "Cover" }], [{ text }]]);
  writeFileSync(join(root, "a.pdf"), await page("The gate is green."));
  const first = await readFileIn(folder, "a.pdf");
  expect(first.ok && first.document.parts[1]).toMatchObject({ page: 2, source: "The gate is green." });
  expect(await readFileIn(folder, "a.pdf")).toEqual(first);
  writeFileSync(join(root, "a.pdf"), await page("The gate is white."));
  const second = await readFileIn(folder, "a.pdf");
  expect(second.ok && second.document.parts[1]!.source).toBe("The gate is white.");
  writeFileSync(join(root, "a.pdf"), "no PDF");
  expect(await readFileIn(folder, "a.pdf")).toEqual({ ok: false, reason: "a.pdf: damaged, or no PDF" });
});
