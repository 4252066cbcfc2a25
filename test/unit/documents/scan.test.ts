import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import ignore from "ignore";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ignorePatterns } from "../../../protocol/exclude-patterns.ts";
import { describeSkipped } from "../../../protocol/index-status.ts";
import { scanFolder } from "../../../server/documents/scan.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-scan-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text = "text"): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
async function scan(exclude: string[] = [], limits?: Parameters<typeof scanFolder>[3]) {
  const found = await scanFolder(root, exclude, new AbortController().signal, limits);
  return { paths: found.files.map(({ path }) => path), skipped: found.skipped };
}

describe("the scan of a folder", () => {
  test("honours its ignore files, what it tells the editor to hide, and the given patterns", async () => {
    for (const path of ["a.md", "b.md", "drafts/c.md", "hidden/d.md", "hidden/deep/e.md", "made/f.md", "g.md"])
      write(path);
    write(".gitignore", "b.md\n");
    write(".searchlightignore", "drafts/\n");
    write(
      ".vscode/settings.json",
      '{ // hidden in the editor\n "files.exclude": { "hidden": true, "**/g.md": { "when": "$(basename).x" } }, "searchlight.exclude": ["made/"], }',
    );
    expect((await scan()).paths).toEqual(["a.md", "g.md"]);
    expect((await scan(["g.md"])).paths).toEqual(["a.md"]);
  });

  test("lists archives, binaries and links with their reasons, and says nothing of what nobody would read", async () => {
    for (const path of ["a.md", "b.zip", "c.tar.gz", "d.exe", "e.png", "f.pptx", "g.unknown", "h.json"]) write(path);
    symlinkSync(root, join(root, "loop"));
    symlinkSync(join(root, "a.md"), join(root, "link.md"));
    symlinkSync(join(root, "h.json"), join(root, "link.json"));
    symlinkSync("circle", join(root, "circle"));
    const { paths, skipped } = await scan();
    expect(paths).toEqual(["a.md"]);
    expect(Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]))).toEqual({
      "b.zip": "archive, which is not opened",
      "c.tar.gz": "archive, which is not opened",
      "d.exe": "program or library",
      "e.png": "image",
      "f.pptx": "kind of document that is not read",
      loop: "symbolic link to a folder, which is not entered",
      "link.md": "symbolic link",
      circle: "symbolic link that leads nowhere",
    });
  });

  test("takes no file beyond the limits and says which: a gigabyte of text, more files than there may be", async () => {
    for (const path of ["a.md", "b.md", "c.md"]) write(path);
    write("big.md");
    truncateSync(join(root, "big.md"), 2 ** 30);
    write("book.pdf");
    truncateSync(join(root, "book.pdf"), 20 * 2 ** 20);
    const { paths, skipped } = await scan([], {
      bytes: (path) => (path.endsWith(".pdf") ? 64 : 5) * 2 ** 20,
      files: 3,
    });
    expect(paths).toEqual(["a.md", "b.md", "book.pdf"]);
    expect(skipped).toEqual([
      { path: "big.md", reason: "larger than 5 MiB" },
      { path: "c.md", reason: "more than 3 files" },
    ]);
    expect((await scan()).paths).toContain("book.pdf");
  });

  test("names the first of very many skipped files and counts the rest", async () => {
    for (let index = 0; index < 130; index++) write(`${index}.png`);
    write("a.zip");
    const { skipped } = await scan();
    expect(skipped).toHaveLength(102);
    expect(describeSkipped(skipped)).toBe("131 files skipped because: image (130), archive, which is not opened (1)");
    expect(describeSkipped([])).toBeUndefined();
  });
});

describe("what the editor hides, as ignore patterns", () => {
  const hides = (patterns: Record<string, unknown>, path: string): boolean =>
    ignore().add(ignorePatterns(patterns)).ignores(path);

  test.each([
    [{ "**/.git": true }, "a/.git", true],
    [{ "**/*.log": true }, "a/b.log", true],
    [{ out: true }, "out/a.md", true],
    [{ out: true }, "a/out/a.md", false],
    [{ "docs/**/*.{md,txt}": true }, "docs/a/b.txt", true],
    [{ "docs/**/*.{md,txt}": true }, "docs/a/b.rst", false],
    [{ "{a,b{c,d}}/x.md": true }, "bd/x.md", true],
    [{ out: false }, "out/a.md", false],
    [{ "*.js": { when: "$(basename).ts" } }, "a.js", false],
  ])("%j hides %s: %s", (patterns, path, hidden) => {
    expect(hides(patterns, path)).toBe(hidden);
  });

  test("takes anything a settings file may say", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.constantFrom(true, false, 3))), (setting) => {
        for (const pattern of ignorePatterns(setting)) expect(pattern).toMatch(/^(\/|\*\*\/)/);
      }),
    );
    expect(ignorePatterns({ [`${"{a,b}".repeat(40)}`]: true })).toHaveLength(1);
  });
});
