import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureEnvironment } from "../../server/engine/environment.ts";
import { RawProtocol } from "./fixture/raw-protocol.ts";
import { freshEngine, tinyModel } from "./fixture/running-engine.ts";

const sequence = Array.from({ length: 40 }, (_, index) => 300 + index);
const prompt = sequence.slice(0, 8);

test("what an engine saved is loaded by another on the same folder, after it was killed in the middle of work", async () => {
  const first = await freshEngine();
  const before = new RawProtocol(first.url);
  const model = await before.createModel(tinyModel());
  for (let step = 0; step < 4; step++) await before.train(model, 1 + step * 2, sequence);
  const { path } = (await before.call("/save_weights", { model_id: model, path: "step-4" })) as { path: string };
  expect(path).toBe(`tinker://${model}/weights/step-4`);
  const trained = await before.sample(prompt, { model_id: model });
  expect(trained).not.toBe(await before.sample(prompt, { base: tinyModel() }));
  // A request that nobody will wait for: run by the next engine, it would take an adapter's place.
  const left = await before.submit("/create_model", {
    session_id: await before.session(),
    base_model: tinyModel(),
    lora_config: { rank: 8, seed: 2 },
  });
  process.kill(-first.group, "SIGKILL");
  expect((await first.exited).reason).toMatch(/ended from outside \(SIGKILL\)/);

  const second = await freshEngine({ home: first.home });
  const after = new RawProtocol(second.url);
  await expect(after.result(left)).rejects.toThrow(/restarted before it answered/);
  // Numbers go on, so that no client gets another's result.
  const another = { session_id: await after.session(), base_model: tinyModel(), lora_config: { rank: 8, seed: 3 } };
  const next = await after.submit("/create_model", another);
  expect(Number(next)).toBeGreaterThan(Number(left));
  const { model_id } = (await after.result(next)) as { model_id: string };
  await after.call("/unload_model", { model_id });
  // All places are free: the pending request and the models of the first engine hold none.
  const models = [
    await after.createModel(tinyModel()),
    await after.createModel(tinyModel()),
    await after.createModel(tinyModel()),
  ];
  await after.call("/load_weights", { model_id: models[0], path, optimizer: true });
  expect(await after.sample(prompt, { model_id: models[0]! })).toBe(trained);
  await expect(after.train(model, 20, sequence)).rejects.toThrow(/not loaded/);
}, 300_000);

test("compiled programs are kept from one engine to the next, in the cache", async () => {
  const { project } = await ensureEnvironment({ backend: "jax" }, AbortSignal.timeout(60_000));
  const files = execFileSync("ls", [project.compiled], { encoding: "utf8" }).trim().split("\n");
  expect(files.length).toBeGreaterThan(20);
  expect(readFileSync(join(project.folder, "uv.lock"), "utf8")).toContain('name = "skyrl"');
});
