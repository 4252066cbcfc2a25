import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { profileSchema, profileSchemaFile } from "../../../scripts/profile-schema.ts";

test("the editor's schema of profile files says what the loader says", () => {
  expect(JSON.parse(readFileSync(profileSchemaFile, "utf8"))).toEqual(JSON.parse(profileSchema()));
});

test("the editor reads it for files of that name", () => {
  const { contributes } = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { jsonValidation: { fileMatch: string[]; url: string }[] };
  };
  expect(contributes.jsonValidation).toContainEqual({
    fileMatch: ["*.rollout-profile.json"],
    url: `./${profileSchemaFile}`,
  });
});
