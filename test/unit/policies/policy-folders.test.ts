import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { policyFolders, policyNamed } from "../../../server/policies/policy-folders.ts";
import { builtInProfiles } from "../../../server/rollout/profile.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "searchlight-policies-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(name: string, fields: object = {}): void {
  mkdirSync(join(home, name));
  const record = {
    version: 1,
    name,
    title: "A policy",
    createdAt: "2026-01-02T03:04:05.000Z",
    run: "r",
    checkpoint: "s0-i4",
    iteration: 4,
    base: "tiny",
    profile: builtInProfiles[0],
  };
  writeFileSync(join(home, name, "policy.json"), JSON.stringify({ ...record, ...fields }));
}

test("policies are listed by name; damaged ones, those of a later format and those of another name are left out", () => {
  put("b");
  put("a-2", { score: 0.5, metric: "f1" });
  put("later", { version: 2 });
  put("renamed", { name: "other" });
  put("profile", { profile: { name: "x" } });
  mkdirSync(join(home, "cut"));
  writeFileSync(join(home, "cut", "policy.json"), '{"version":1,');
  mkdirSync(join(home, ".a.part-7"));
  expect(policyFolders(home).map(({ record }) => record.name)).toEqual(["a-2", "b"]);
  expect(policyNamed("a-2", home)).toMatchObject({ model: join(home, "a-2", "model"), record: { score: 0.5 } });
});

test.each(["../a", "a/b", "", "A", ".a", "a".repeat(81)])("%j is no name and becomes no path", (name) => {
  expect(policyNamed(name, home)).toBeUndefined();
});

test("where there is no folder of policies there are none", () => {
  expect(policyFolders(join(home, "none"))).toEqual([]);
});
