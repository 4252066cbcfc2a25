import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { type TextTokenizer, makeTokenizer } from "../models/tokenizer.ts";
import type { Backend } from "./trainer-project.ts";

/** What the engine's loaders know by name (skyrl/tx/models and its supported-models page, 0.4.0). */
const architectures: Record<Backend, readonly string[]> = {
  jax: ["LlamaForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "DeepseekV3ForCausalLM"],
  fsdp: ["LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM"],
  megatron: ["LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM"],
};

/** Number types that the loaders read. */
const dtypes = ["float32", "bfloat16", "float16"];

const Config = z.looseObject({
  architectures: z.array(z.string()).min(1),
  vocab_size: z.int().min(1),
  max_position_embeddings: z.int().min(1),
  dtype: z.string().optional(),
  torch_dtype: z.string().optional(),
  rope_scaling: z.unknown().optional(),
  eos_token_id: z.union([z.int(), z.array(z.int()), z.null()]).optional(),
});

/** A model folder that the engine loads. */
export interface ModelFolder {
  readonly folder: string;
  readonly name: string;
  readonly architecture: string;
  /** Ids the model has, which may be more than the tokenizer has. */
  readonly vocabulary: number;
  /** Tokens the model can read. */
  readonly contextLength: number;
  /** Bytes of the weights. */
  readonly bytes: number;
  /** Ids that end a text by the model's own word. */
  readonly endIds: readonly number[];
  readonly tokenizer: TextTokenizer;
}

export type ModelFolderReading = { ok: true; model: ModelFolder } | { ok: false; reason: string };

/** Reads a model folder and checks that the engine can load it. The reason is one sentence that says what to do. */
export function readModelFolder(folder: string, backend: Backend = "jax"): ModelFolderReading {
  const no = (what: string, remedy: string): ModelFolderReading => ({
    ok: false,
    reason: `${folder} ${what}; ${remedy}.`,
  });
  if (!existsSync(join(folder, "config.json")))
    return no("is no model folder: it has no config.json", "make one with searchlight models make-tiny or from-gguf");
  const config = Config.safeParse(readJson(join(folder, "config.json")));
  if (!config.success) {
    const field = config.error.issues[0]?.path.join(".") ?? "";
    return no(`has a config.json that cannot be read${field ? ` (${field})` : ""}`, "download the model again");
  }
  const { data } = config;
  const architecture = data.architectures.find((name) => architectures[backend].includes(name));
  if (!architecture) {
    return no(
      `is a ${data.architectures.join(", ")} model, which the ${backend} engine does not load`,
      `take one of ${architectures[backend].join(", ")}`,
    );
  }
  const dtype = data.dtype ?? data.torch_dtype ?? "";
  if (!dtypes.includes(dtype))
    return no(`has weights of type ${dtype || "unknown"}`, `the engine reads ${dtypes.join(", ")}`);
  const named = backend === "jax" ? undefined : programNamedIn(folder);
  if (named !== undefined)
    return no(
      `holds a ${named}, by which the ${backend} engine would run programs or load another model of the folder's choice`,
      `take a model without it, or delete it from one that you trust`,
    );
  const weights = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  if (weights.length === 0) return no("has no *.safetensors file", "convert its weights, or download them");
  const json = readJson(join(folder, "tokenizer.json"));
  if (json === undefined) return no("has no tokenizer.json that can be read", "the engine needs a fast tokenizer");
  const tokenizerConfig = readJson(join(folder, "tokenizer_config.json"));
  if (tokenizerConfig === undefined || typeof tokenizerConfig !== "object" || tokenizerConfig === null)
    return no("has no tokenizer_config.json that can be read", "the engine needs it beside tokenizer.json");
  let tokenizer: TextTokenizer;
  try {
    tokenizer = makeTokenizer(basename(folder), json, tokenizerConfig);
  } catch {
    return no("has a tokenizer.json of a form that is not known here", "take a model with a BPE tokenizer");
  }
  const end = data.eos_token_id ?? [];
  return {
    ok: true,
    model: {
      folder,
      name: basename(folder),
      architecture,
      vocabulary: data.vocab_size,
      contextLength: data.max_position_embeddings,
      bytes: weights.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
      endIds: typeof end === "number" ? [end] : end,
      tokenizer,
    },
  };
}

/** More is no configuration. */
const longestConfiguration = 2 ** 20;

/**
 * What in a model folder names Python files of its own, or another folder, to transformers. SkyRL's backends on GPUs load models with
 * `trust_remote_code` (skyrl/utils/tok.py and others, 0.4.0), so that such a folder would be a program; its jax backend does not.
 */
function programNamedIn(folder: string): string | undefined {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  if (names.includes("adapter_config.json")) return "adapter_config.json";
  const named = names.find((name) => {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true || statSync(path).size > longestConfiguration)
      return false;
    const json = readJson(path);
    return typeof json === "object" && json !== null && Object.hasOwn(json, "auto_map");
  });
  return named && `${named} with auto_map`;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
