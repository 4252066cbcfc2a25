import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pruneEnvironments } from "../../../server/engine/prune-environments.ts";

const day = 24 * 3600 * 1000;

test("environments that nobody used for a month go; used ones, the one at hand and what is none stay", () => {
  const folder = mkdtempSync(join(tmpdir(), "searchlight-prune-"));
  const environment = (name: string, days: number): string => {
    const root = join(folder, name);
    const mark = join(root, "jax", "installed-jax.json");
    mkdirSync(join(root, "jax"), { recursive: true });
    writeFileSync(mark, "{}");
    const time = new Date(Date.now() - days * day);
    for (const path of [mark, join(root, "jax"), root]) utimesSync(path, time, time);
    return root;
  };
  const old = environment("trainer-0123456789ab", 40);
  environment("trainer-1123456789ab", 20);
  const own = environment("trainer-2123456789ab", 40);
  environment("models", 400);
  environment("remote-0123456789ab", 400);
  expect(pruneEnvironments(folder, own)).toEqual([old]);
  expect(readdirSync(folder).toSorted()).toEqual([
    "models",
    "remote-0123456789ab",
    "trainer-1123456789ab",
    "trainer-2123456789ab",
  ]);
});
