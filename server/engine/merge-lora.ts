import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type StoredTensor, storedTensors, tensorsIn } from "./read-safetensors.ts";
import { writeSafetensorsInTurns } from "./safetensors.ts";

/** An adapter as PEFT keeps it. */
export interface LoraAdapter {
  /** `lora_alpha` of its configuration; the update is alpha / r · B · A. */
  readonly alpha: number;
  readonly rank: number;
  /** Bytes of `adapter_model.safetensors`. */
  readonly weights: Uint8Array;
}

/** An adapter does not fit the model it is to be merged into: one sentence that says where. */
export class MergeError extends Error {
  override readonly name = "MergeError";
}

const modelFiles =
  /^(?:config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json$|^(?:merges\.txt|tokenizer\.model|chat_template\.jinja)$/;

/**
 * Writes a model folder whose weights are those of a base model with an adapter added to them: W + alpha / r · B · A for each adapted
 * matrix (LoRA, arXiv:2106.09685, equation 3), in float32, since an update may be smaller than what a 16-bit weight can tell. Needs
 * memory for the adapter and one tensor of the model, and gives way to other work between tensors. The folder appears whole or not at all. Throws `MergeError`, and `RangeError` where
 * a file is damaged.
 */
export async function mergeLora(base: string, adapter: LoraAdapter, target: string): Promise<void> {
  const weights = new Map<string, StoredTensor>();
  for (const name of readdirSync(base)
    .filter((each) => each.endsWith(".safetensors"))
    .toSorted())
    for (const [tensor, stored] of storedTensors(join(base, name))) weights.set(tensor, stored);
  const updates = updatesOf(tensorsIn(adapter.weights, "The adapter"));
  for (const [name, { a, b }] of updates) {
    const [outputs = 0, inputs = 0] = weights.get(name)?.shape ?? [];
    if (!weights.has(name))
      throw new MergeError(
        `The adapter changes ${name}, which ${base} does not have; name the model it was trained on.`,
      );
    const fits = a.shape[1] === inputs && b.shape[0] === outputs && a.shape[0] === b.shape[1];
    if (!fits || a.shape[0] !== adapter.rank)
      throw new MergeError(`The adapter does not fit ${name} of ${base}; name the model it was trained on.`);
  }
  if (updates.size === 0) throw new MergeError("The adapter changes nothing: it holds no LoRA matrices.");
  const scale = adapter.alpha / adapter.rank;
  const scratch = `${target}.part-${process.pid}`;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  try {
    await writeSafetensorsInTurns(
      join(scratch, "model.safetensors"),
      [...weights.values()].map(({ name, shape, values }) => ({
        name,
        shape,
        values: () => {
          const update = updates.get(name);
          return update ? added(values(), update, scale) : values();
        },
      })),
    );
    for (const name of readdirSync(base).filter((each) => modelFiles.test(each)))
      copyFileSync(join(base, name), join(scratch, name));
    const config = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(base, "config.json"), "utf8")));
    const types = Object.fromEntries(
      ["dtype", "torch_dtype"].flatMap((key) => (key in config ? [[key, "float32"]] : [])),
    );
    writeFileSync(join(scratch, "config.json"), `${JSON.stringify({ ...config, ...types }, undefined, 2)}\n`);
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(scratch, target);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
}

interface Update {
  /** rank × inputs. */
  a: StoredTensor;
  /** outputs × rank. */
  b: StoredTensor;
}

/** The pairs of matrices by the name of the weight they change. Throws `MergeError` for what is no such pair. */
function updatesOf(tensors: ReadonlyMap<string, StoredTensor>): Map<string, Update> {
  const updates = new Map<string, Update>();
  for (const [name, a] of tensors) {
    const part = /^(?:base_model\.model\.)?(?<module>.+)\.lora_(?<side>[AB])(?:\.[^.]+)?\.weight$/.exec(name)?.groups;
    if (!part) throw new MergeError(`The adapter holds ${name}, which is no LoRA matrix, and cannot be merged.`);
    if (part["side"] === "B") continue;
    const b = tensors.get(name.replace(/\.lora_A(?=(?:\.[^.]+)?\.weight$)/, ".lora_B"));
    if (!b) throw new MergeError(`The adapter lacks the second matrix of ${part["module"]}; export it again.`);
    updates.set(`${part["module"]}.weight`, { a, b });
  }
  return updates;
}

/** weight + scale · b · a, in place. */
function added(weight: Float32Array, { a, b }: Update, scale: number): Float32Array {
  const [rank = 0, inputs = 0] = a.shape;
  const [left, right] = [b.values(), a.values()];
  for (let row = 0; row < left.length / rank; row++) {
    const into = weight.subarray(row * inputs, (row + 1) * inputs);
    for (let at = 0; at < rank; at++) {
      const factor = scale * left[row * rank + at]!;
      if (factor === 0) continue;
      const from = at * inputs;
      for (let column = 0; column < inputs; column++) into[column]! += factor * right[from + column]!;
    }
  }
  return weight;
}
