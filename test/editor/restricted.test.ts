import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modelServer, streams, textEvents } from "../fixtures/model-server.ts";
import { openWindow } from "./window.ts";

const demo = JSON.parse(readFileSync("samples/observatory/demo.json", "utf8")) as { question: string };

test("in Restricted Mode the folder's own settings send no question to a model, and the built-in reader answers", async () => {
  await using model = await modelServer(streams(textEvents(["anything"])));
  await using window = await openWindow({
    restricted: true,
    prepare: (folder) => {
      mkdirSync(join(folder, ".vscode"));
      writeFileSync(
        join(folder, ".vscode", "settings.json"),
        JSON.stringify({
          "searchlight.policy": `openai:taken@${model.url}/v1`,
          // Of the wrong types: they count as not set, and keep nothing from working.
          "searchlight.exclude": { "**/*.md": true },
          "searchlight.profile": 7,
        }),
      );
    },
  });
  await window.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await window.ask(demo.question);
  await window.viewer().getByRole("region", { name: "Answer" }).waitFor({ timeout: 90_000 });
  await window.screenshot("restricted-mode");
  expect(await window.viewer().locator(".header").textContent()).toContain("Extractive");
  expect(model.requests).toEqual([]);
  expect(window.errors).toEqual([]);
});

test("once the folder is trusted, its settings name the model that is asked", async () => {
  await using model = await modelServer(
    streams(textEvents(["<think>nothing to look up</think><answer>East Dome</answer>"])),
  );
  await using window = await openWindow({
    prepare: (folder) => {
      mkdirSync(join(folder, ".vscode"));
      writeFileSync(
        join(folder, ".vscode", "settings.json"),
        JSON.stringify({ "searchlight.policy": `openai:named@${model.url}/v1` }),
      );
    },
  });
  await window.ask(demo.question);
  await expect.poll(() => model.requests.length, { timeout: 60_000 }).toBeGreaterThan(0);
  expect(model.requests[0]!.body["model"]).toBe("named");
});
