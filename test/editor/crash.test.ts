import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { modelServer, streams, textEvents } from "../fixtures/model-server.ts";
import { openWindow } from "./window.ts";

const question = "Which dome houses the coating chamber?";

test("a server killed in the middle of a question is restarted and said so, and the partial trajectory is kept as interrupted", async () => {
  const words = Array.from({ length: 400 }, (_, index) => ` word${index}`);
  await using model = await modelServer(streams(textEvents(["I look for the coating chamber.", ...words]), 200));
  await using window = await openWindow({ settings: { "searchlight.policy": `openai:slow@${model.url}/v1` } });
  await window.ask(question);
  const viewer = window.viewer();
  await viewer.getByText("I look for the coating chamber.").first().waitFor({ timeout: 30_000 });
  const [first, ...more] = window.servers();
  expect(more).toEqual([]);

  process.kill(first!, "SIGKILL");

  const toast = window.page.locator(".notifications-toasts", {
    hasText: "The Searchlight server stopped unexpectedly",
  });
  await toast.waitFor({ timeout: 30_000 });
  await viewer.locator(".state", { hasText: "interrupted" }).waitFor({ timeout: 30_000 });
  expect(await viewer.locator("body").textContent()).toContain("I look for the coating chamber.");
  await window.screenshot("server-killed");
  await expect.poll(() => window.servers().filter((pid) => pid !== first).length, { timeout: 30_000 }).toBe(1);

  // What was kept is on disk, not only in the view: the terminal program tells of it as well.
  const kept = () =>
    execFileSync(process.execPath, ["dist/cli.js", "trajectories", "list", window.folder, "--json"], {
      env: { ...process.env, SEARCHLIGHT_HOME: window.dataHome },
      encoding: "utf8",
    });
  await expect.poll(kept, { timeout: 30_000 }).toContain('"interrupted"');
  expect(kept()).toContain(question);
});
