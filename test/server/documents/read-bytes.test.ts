import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBytes } from "../../../server/documents/read-bytes.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bytes-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe("the bytes of a document", () => {
  test("are all of a file up to the limit, and none of a larger one", async () => {
    writeFileSync(join(folder, "a.md"), "twelve bytes");
    expect((await readBytes(join(folder, "a.md"), 12)).toString()).toBe("twelve bytes");
    await expect(readBytes(join(folder, "a.md"), 11)).rejects.toMatchObject({ code: "EFBIG" });
  });

  test.skipIf(process.platform === "win32")(
    "are not taken through a link, from a pipe or from a folder that came into the file's place",
    async () => {
      writeFileSync(join(folder, "secret"), "secret");
      symlinkSync(join(folder, "secret"), join(folder, "link.md"));
      execFileSync("mkfifo", [join(folder, "pipe.md")]);
      mkdirSync(join(folder, "folder.md"));
      await expect(readBytes(join(folder, "link.md"))).rejects.toMatchObject({ code: "ELOOP" });
      await expect(readBytes(join(folder, "pipe.md"))).rejects.toMatchObject({ code: "no file" });
      await expect(readBytes(join(folder, "folder.md"))).rejects.toMatchObject({ code: "no file" });
      await expect(readBytes(join(folder, "gone.md"))).rejects.toMatchObject({ code: "ENOENT" });
    },
  );
});
