import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { EngineError } from "../engine.ts";
import { readTar, writeTar } from "./tar-archive.ts";

const Config = z.looseObject({ r: z.int().min(1), lora_alpha: z.number() });
const Header = z.record(z.string(), z.unknown());

/** The two files of a PEFT adapter. */
export interface PeftFiles {
  readonly config: z.infer<typeof Config>;
  readonly weights: Uint8Array;
}

/**
 * Reads an adapter archive (tar.gz with `adapter_config.json` and `adapter_model.safetensors`).
 * @throws EngineError of kind "bad-response"
 */
export function readPeft(archive: Uint8Array): PeftFiles {
  try {
    const files = readTar(gunzipSync(archive));
    const named = (end: string): Uint8Array => files.find(({ name }) => name.split("/").at(-1) === end)!.bytes;
    return {
      config: Config.parse(JSON.parse(new TextDecoder().decode(named("adapter_config.json")))),
      weights: named("adapter_model.safetensors"),
    };
  } catch (error) {
    throw new EngineError("bad-response", "The adapter's archive cannot be read; export it again.", { cause: error });
  }
}

/**
 * An adapter archive as PEFT and vLLM load it. SkyRL's JAX engine leaves out which modules it adapts and what it is for; both are filled
 * in, the modules from the names of its weights.
 * @param base the base model's name or folder, for the configuration
 * @throws EngineError of kind "bad-response"
 */
export function peftArchive(archive: Uint8Array, base: string): Uint8Array {
  const { config, weights } = readPeft(archive);
  const filled = {
    peft_type: "LORA",
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    lora_dropout: 0,
    ...config,
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base,
    target_modules: adaptedModules(weights),
  };
  const text = new TextEncoder().encode(JSON.stringify(filled, undefined, 2));
  return gzipSync(
    writeTar([
      { name: "adapter_config.json", bytes: text },
      { name: "adapter_model.safetensors", bytes: weights },
    ]),
  );
}

/** Last names of the adapted modules, as `q_proj`. */
function adaptedModules(weights: Uint8Array): string[] {
  const names = Object.keys(safetensorsHeader(weights));
  const modules = names.flatMap((name) => /([^.]+)\.lora_[AB](?:\.[^.]+)?\.weight$/.exec(name)?.[1] ?? []);
  return [...new Set(modules)].toSorted();
}

function safetensorsHeader(file: Uint8Array): Record<string, unknown> {
  try {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const length = Number(view.getBigUint64(0, true));
    if (length > file.length - 8) throw new RangeError("header");
    return Header.parse(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))));
  } catch (error) {
    throw new EngineError("bad-response", "The adapter's weights cannot be read; export it again.", { cause: error });
  }
}
