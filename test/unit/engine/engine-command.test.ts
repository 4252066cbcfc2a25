import { expect, test } from "vitest";
import { type EngineShape, engineCommand } from "../../../server/engine/engine-command.ts";
import type { Backend, Device } from "../../../server/engine/trainer-project.ts";

const shape: EngineShape = {
  model: "/models/tiny",
  rank: 8,
  adapters: 3,
  microBatch: 4,
  samplingWidth: 16,
  devices: 1,
};

function command(
  backend: Backend,
  given: Partial<EngineShape> = {},
  env: NodeJS.ProcessEnv = { PATH: "/bin" },
  device: Device = "cpu",
) {
  const project = {
    folder: "/cache/project",
    environment: "/cache/project/.venv",
    shims: backend === "jax" ? "/cache/shims" : undefined,
    leash: "/cache/leash",
    settle: "/cache/settle.py",
    compiled: "/cache/compiled",
  };
  const environment = { project, uv: "/tools/uv", python: "/cache/project/.venv/bin/python", backend, device };
  const home = { folder: "/h", database: "/h/engine.db", checkpoints: "/h/checkpoints", log: "/h/log", record: "/h/r" };
  const { args, ...rest } = engineCommand(environment, home, { ...shape, ...given }, 8123, env);
  const after = (flag: string): string => args[args.indexOf(flag) + 1]!;
  return { ...rest, args, after, config: JSON.parse(after("--backend-config")) as Record<string, unknown> };
}

test("the server can read its parent's command line: uv run, extras, then the module", () => {
  const { file, args } = command("jax");
  expect(file).toBe("/tools/uv");
  expect(args.slice(0, 7)).toEqual(["run", "--extra", "tinker", "--extra", "jax", "-m", "skyrl.tinker.api"]);
});

test("it listens on this machine only, with its files in its home and the backend named", () => {
  const { after } = command("jax");
  expect(after("--host")).toBe("127.0.0.1");
  expect(after("--database-url")).toBe("sqlite:////h/engine.db");
  expect(after("--checkpoints-base")).toBe("/h/checkpoints");
  // The server's own default is megatron.
  expect(after("--backend")).toBe("jax");
});

test("uv finds itself, stays offline and in this project whatever the shell says", () => {
  const { env } = command(
    "jax",
    {},
    { PATH: "/bin", VIRTUAL_ENV: "/other", UV_PROJECT_ENVIRONMENT: "/other", PYTHONHOME: "/x" },
  );
  expect(env["PATH"]).toBe("/tools:/bin");
  expect(env).toMatchObject({ UV_NO_SYNC: "1", UV_OFFLINE: "1", UV_PYTHON_DOWNLOADS: "never", HF_HUB_OFFLINE: "1" });
  expect(env["PYTHONPATH"]).toBe("/cache/leash");
  expect(env["SEARCHLIGHT_STAND_INS"]).toBe("/cache/shims");
  expect(env["UV_PROJECT_ENVIRONMENT"]).toBe("/cache/project/.venv");
  for (const name of ["VIRTUAL_ENV", "PYTHONHOME"]) expect(env[name]).toBeUndefined();
});

test("several CPU devices are virtual ones, over which the parameters are spread", () => {
  const { config, env } = command("jax", { devices: 2 }, { PATH: "/bin", XLA_FLAGS: "--xla_dump_to=/tmp/x" });
  expect(config).toMatchObject({
    fully_sharded_data_parallel_size: 2,
    max_lora_adapters: 3,
    sample_max_num_sequences: 16,
  });
  expect(env["XLA_FLAGS"]).toMatch(/^--xla_dump_to=\/tmp\/x .*device_count=2/);
  expect(command("jax").config).not.toHaveProperty("fully_sharded_data_parallel_size");
});

test("the jax backend on CUDA starts with CUDA's packages and on nothing else", () => {
  const { args, env, config } = command("jax", { devices: 2 }, { PATH: "/bin", CUDA_VISIBLE_DEVICES: "1,3" }, "cuda");
  expect(args.slice(0, 9)).toEqual([
    "run",
    "--extra",
    "tinker",
    "--extra",
    "jax",
    "--extra",
    "cuda",
    "-m",
    "skyrl.tinker.api",
  ]);
  expect(env).toMatchObject({ JAX_PLATFORMS: "cuda", CUDA_VISIBLE_DEVICES: "1,3" });
  expect(env["XLA_FLAGS"] ?? "").not.toContain("device_count");
  expect(config).toMatchObject({ fully_sharded_data_parallel_size: 2 });
});

test("a GPU backend gets its packages whole and keeps its devices", () => {
  const { env, config } = command("fsdp", { devices: 4 });
  expect(env["SEARCHLIGHT_STAND_INS"]).toBeUndefined();
  expect(env["JAX_PLATFORMS"]).toBeUndefined();
  expect(config).toMatchObject({ "trainer.placement.policy_num_gpus_per_node": 4 });
});
