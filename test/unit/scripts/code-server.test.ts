import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeSettings } from "../../../scripts/code-server.mjs";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "searchlight-settings-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("a profile without settings gets quiet ones, and those that are asked for before them", () => {
  const file = join(home, "settings.json");
  writeSettings(file, { "workbench.startupEditor": "readme", "git.enabled": false });
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    "workbench.startupEditor": "readme",
    "git.enabled": false,
    "telemetry.telemetryLevel": "off",
  });
});

test("the settings of a person, with the model that was chosen, outlive another start", () => {
  const file = join(home, "settings.json");
  const own = '{\n  // mine\n  "searchlight.policy": "openai-chat:small@http://127.0.0.1:8080/v1"\n}\n';
  writeFileSync(file, own);
  writeSettings(file, {});
  expect(readFileSync(file, "utf8")).toBe(own);
});
