import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { IndexStatus } from "../../../protocol/index-status.ts";
import type { Folder } from "../../../server/home.ts";
import { IndexSizes } from "../../../server/index-sizes.ts";

test("the last of two changes that come close together is the size that is told, though no status follows it", async () => {
  const indexHome = mkdtempSync(join(tmpdir(), "searchlight-sizes-"));
  const folder = { id: "a", indexHome } as Folder;
  const at = (state: IndexStatus["state"], updatedAt: string) => ({ state, updatedAt }) as IndexStatus;
  writeFileSync(join(indexHome, "words"), "x".repeat(100));
  const told: (number | undefined)[] = [];
  const sizes = new IndexSizes(() => told.push(sizes.of(folder, at("ready", "2"))), 200);
  try {
    sizes.of(folder, at("words-ready", "1"));
    await vi.waitFor(() => expect(told).toEqual([100]));
    writeFileSync(join(indexHome, "vectors"), "x".repeat(400));
    sizes.of(folder, at("ready", "2"));
    await vi.waitFor(() => expect(told).toEqual([100, 500]), { timeout: 30_000 });
  } finally {
    sizes.close();
    rmSync(indexHome, { recursive: true });
  }
});
