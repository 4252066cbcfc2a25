import { availableParallelism } from "node:os";
import { delimiter, dirname } from "node:path";
import { type EngineEnvironment, extraArguments, uvEnvironment } from "./environment.ts";
import type { EngineHome } from "./engine-home.ts";
import type { Device } from "./trainer-project.ts";

/** What an engine is started with, apart from where. */
export interface EngineShape {
  /** Absolute path of the model folder. */
  readonly model: string;
  /** Largest rank of an adapter. */
  readonly rank: number;
  /** Places for adapters, the base model's own included: at least 3 give a policy and one beside it. */
  readonly adapters: number;
  /** Sequences per forward and backward pass. */
  readonly microBatch: number;
  /** Sequences that are sampled together. */
  readonly samplingWidth: number;
  /** GPUs; of the jax backend on the processor, virtual devices. The jax backend spreads the parameters over them. */
  readonly devices: number;
}

export interface EngineCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/**
 * The command line of SkyRL's Tinker server 0.4.0. The server reads its parent's command line to start its engine process in the same
 * way, so it must be `uv run … -m skyrl.tinker.api`, and `uv` must be on PATH.
 */
export function engineCommand(
  environment: EngineEnvironment,
  home: EngineHome,
  shape: EngineShape,
  port: number,
  base: NodeJS.ProcessEnv = process.env,
): EngineCommand {
  const { project, uv, python, backend, device } = environment;
  const config = backend === "jax" ? jaxConfig(shape) : gpuConfig(backend, shape);
  return {
    file: uv,
    cwd: project.folder,
    args: [
      "run",
      ...extraArguments(backend, device),
      ...["-m", "skyrl.tinker.api"],
      ...["--base-model", shape.model, "--backend", backend],
      ...["--host", "127.0.0.1", "--port", String(port)],
      ...["--database-url", `sqlite:///${home.database}`, "--checkpoints-base", home.checkpoints],
      ...["--backend-config", JSON.stringify(config)],
    ],
    env: {
      ...uvEnvironment(base),
      PATH: [dirname(uv), base["PATH"]].filter(Boolean).join(delimiter),
      UV_PYTHON: python,
      UV_PROJECT_ENVIRONMENT: project.environment,
      UV_NO_SYNC: "1",
      UV_FROZEN: "1",
      UV_OFFLINE: "1",
      UV_PYTHON_DOWNLOADS: "never",
      PYTHONPATH: project.leash,
      // Behind the installed packages: a real torch or peft is taken where there is one.
      ...(project.shims ? { SEARCHLIGHT_STAND_INS: project.shims } : {}),
      PYTHONUNBUFFERED: "1",
      SEARCHLIGHT_LEASH: "stdin",
      HF_HUB_OFFLINE: "1",
      TRANSFORMERS_OFFLINE: "1",
      TOKENIZERS_PARALLELISM: "false",
      // Nothing is told to anybody about what runs here.
      HF_HUB_DISABLE_TELEMETRY: "1",
      OTEL_SDK_DISABLED: "true",
      DO_NOT_TRACK: "1",
      // The log's lines are wrapped at the width of this imagined terminal.
      COLUMNS: "160",
      ...(backend === "jax" ? jaxEnvironment(project.compiled, device, shape.devices, base) : {}),
    },
  };
}

/** Keys of `JaxBackendConfig` (skyrl/backends/jax.py), which takes no others. */
function jaxConfig({ rank, adapters, microBatch, samplingWidth, devices }: EngineShape): Record<string, number> {
  return {
    max_lora_adapters: adapters,
    max_lora_rank: rank,
    train_micro_batch_size: microBatch,
    sample_max_num_sequences: samplingWidth,
    ...(devices > 1 ? { fully_sharded_data_parallel_size: devices } : {}),
  };
}

/**
 * Dotted keys of `SkyRLTrainConfig` (skyrl/train/config). One adapter shares the GPUs with the inference engines; fsdp holds no more. With
 * megatron several are held where training and inference have GPUs of their own, half of them each.
 */
export function gpuConfig(
  backend: "fsdp" | "megatron",
  { rank, adapters, microBatch, samplingWidth, devices }: EngineShape,
): Record<string, unknown> {
  const trained = adapters - 1;
  const apart = backend === "megatron" && trained > 1 && devices > 1;
  const training = apart ? Math.ceil(devices / 2) : devices;
  return {
    "trainer.placement.colocate_all": !apart,
    "trainer.placement.policy_num_gpus_per_node": training,
    "trainer.policy.model.lora.rank": rank,
    "trainer.policy.model.lora.max_loras": apart ? trained : 1,
    ...(apart
      ? {
          "trainer.policy.model.lora.max_cpu_loras": trained,
          "trainer.policy.megatron_config.lora_config.merge_lora": false,
        }
      : {}),
    "trainer.micro_train_batch_size_per_gpu": microBatch,
    "trainer.micro_forward_batch_size_per_gpu": microBatch,
    "generator.inference_engine.num_engines": apart ? devices - training : devices,
    "generator.inference_engine.tensor_parallel_size": 1,
    "generator.inference_engine.max_num_seqs": samplingWidth,
  };
}

/** Every compiled program is kept, however quick it was to make: the whole of them is small, and most of a start is compiling. */
function jaxEnvironment(compiled: string, device: Device, devices: number, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const flags = [
    base["XLA_FLAGS"] ?? "",
    ...(device === "cpu" && devices > 1 ? [`--xla_force_host_platform_device_count=${devices}`] : []),
    // One thread pool with spinning workers on a machine whose cores are busy otherwise is many times slower.
    ...(availableParallelism() === 1 ? ["--xla_cpu_multi_thread_eigen=false"] : []),
  ].filter(Boolean);
  return {
    // An engine that was meant for a GPU must not start on the processor where CUDA does not load.
    JAX_PLATFORMS: device,
    JAX_COMPILATION_CACHE_DIR: compiled,
    JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS: "0",
    JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES: "-1",
    ...(flags.length > 0 ? { XLA_FLAGS: flags.join(" ") } : {}),
  };
}
