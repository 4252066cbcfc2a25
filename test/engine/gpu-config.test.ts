import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineShape, gpuConfig } from "../../server/engine/engine-command.ts";
import { ensureEnvironment } from "../../server/engine/environment.ts";
import { runProgram } from "../../server/engine/run-program.ts";

/** What SkyRL's configuration classes import; the GPU packages themselves are not needed to parse. */
const packages = ["loguru==0.7.3", "omegaconf==2.3.1", "skyrl-gym==0.4.0"];

/**
 * SkyRL's own parser, with one function of its inference servers replaced, since that module imports torch. The overrides are put together
 * as `_build_skyrl_train_config` of skyrl/backends/skyrl_train_backend.py does.
 */
const program = `
import json, sys
from unittest.mock import MagicMock
sys.modules["skyrl.backends.skyrl_train.inference_servers.utils"] = MagicMock()
from skyrl.train.config import SkyRLTrainConfig
backend, overrides = sys.argv[1], json.loads(sys.argv[2])
fixed = {"trainer.policy.model.path": "/m", "trainer.critic.model.path": "/m", "trainer.strategy": backend}
config = SkyRLTrainConfig.from_cli_overrides({**overrides, **fixed})
print(json.dumps({
    "strategy": config.trainer.strategy,
    "colocated": config.trainer.placement.colocate_all,
    "gpus": config.trainer.placement.policy_num_gpus_per_node,
    "engines": config.generator.inference_engine.num_engines,
    "rank": config.trainer.policy.model.lora.rank,
    "loras": config.trainer.policy.model.lora.max_loras,
    "merged": config.trainer.policy.megatron_config.lora_config.merge_lora,
    "sequences": config.generator.inference_engine.max_num_seqs,
}))`;

const scratch = mkdtempSync(join(tmpdir(), "searchlight-gpu-config-"));
const shape: EngineShape = { model: "/m", rank: 16, adapters: 3, microBatch: 4, samplingWidth: 256, devices: 4 };

beforeAll(async () => {
  const { uv, python } = await ensureEnvironment({ backend: "jax" }, AbortSignal.timeout(300_000));
  const installed = await runProgram(uv, [
    "pip",
    "install",
    "--quiet",
    "--target",
    scratch,
    "--python",
    python,
    ...packages,
  ]);
  expect(installed.code, installed.stderr).toBe(0);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

async function parse(backend: string, overrides: object) {
  const { python, project } = await ensureEnvironment({ backend: "jax" }, AbortSignal.timeout(300_000));
  // The environment's own packages come first: those beside them are for what it lacks.
  const start = `import sys; sys.path.append(${JSON.stringify(scratch)})\n`;
  const env = { ...process.env, PYTHONPATH: [project.shims].join(delimiter) };
  return runProgram(python, ["-c", start + program, backend, JSON.stringify(overrides)], { env, seconds: 120 });
}

test("the configuration of the GPU backends is one that SkyRL's own classes accept", async () => {
  const read = async (backend: "fsdp" | "megatron", devices: number): Promise<unknown> => {
    const { code, stdout, stderr } = await parse(backend, gpuConfig(backend, { ...shape, devices }));
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout.trim().split("\n").at(-1)!);
  };
  const common = { rank: 16, sequences: 256 };
  expect(await read("fsdp", 4)).toMatchObject({
    ...common,
    strategy: "fsdp",
    colocated: true,
    gpus: 4,
    engines: 4,
    loras: 1,
  });
  expect(await read("megatron", 1)).toMatchObject({
    ...common,
    strategy: "megatron",
    colocated: true,
    gpus: 1,
    engines: 1,
  });
  expect(await read("megatron", 4)).toMatchObject({ colocated: false, gpus: 2, engines: 2, loras: 2, merged: false });
});

test("a key that SkyRL does not know is refused by it, so that the check above can fail", async () => {
  const { code, stderr } = await parse("fsdp", { ...gpuConfig("fsdp", shape), "trainer.placement.policy_gpus": 2 });
  expect(code).not.toBe(0);
  expect(stderr).toContain("policy_gpus");
});
