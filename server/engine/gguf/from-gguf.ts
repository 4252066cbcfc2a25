import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tokenizerConfig, tokenizerJson } from "../hf-tokenizer.ts";
import { type LlamaShape, llamaConfig } from "../llama-shape.ts";
import { writeSafetensors } from "../safetensors.ts";
import { numberField, textField } from "./gguf-fields.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { llamaWeights } from "./llama-weights.ts";
import { GgufError, type GgufHeader, readGguf } from "./read-gguf.ts";

export interface ConvertedModel {
  readonly folder: string;
  readonly vocabulary: number;
  readonly contextLength: number;
  readonly parameters: number;
  /** What the file calls itself. */
  readonly name: string;
}

/**
 * Writes a Llama-architecture GGUF file as a model folder that the engine loads: float32 weights, configuration, tokenizer with its chat
 * template. What a quantisation lost stays lost. Throws `GgufError` for a file that is none, or another architecture.
 */
export function modelFromGguf(file: string, folder: string): ConvertedModel {
  const header = readGguf(file);
  const shape = shapeOf(header);
  const { tokenizer, roles, ids } = ggufTokenizer(header);
  if (tokenizer.tokens.length > shape.vocabulary)
    throw new GgufError("The file has more tokens than its model has embeddings.");
  const fd = openSync(file, "r");
  try {
    const tensors = llamaWeights(fd, header, shape);
    mkdirSync(folder, { recursive: true });
    const json = (name: string, value: object): void =>
      writeFileSync(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
    json("tokenizer.json", tokenizerJson(tokenizer));
    json("tokenizer_config.json", tokenizerConfig(tokenizer.added, roles));
    writeSafetensors(join(folder, "model.safetensors"), tensors);
    // Written last: a folder with a configuration is a whole model.
    json("config.json", llamaConfig(shape, ids));
    const parameters = tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((size, side) => size * side, 1), 0);
    const { vocabulary, contextLength } = shape;
    return { folder, vocabulary, contextLength, parameters, name: textField(header, "general.name", "") };
  } catch (error) {
    rmSync(join(folder, "model.safetensors"), { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

function shapeOf(header: GgufHeader): LlamaShape {
  const architecture = textField(header, "general.architecture");
  if (architecture !== "llama")
    throw new GgufError(`The file is a ${architecture} model; only Llama architectures can be converted.`);
  const scaling = textField(header, "llama.rope.scaling.type", "none");
  if (scaling !== "none" || header.tensors.some(({ name }) => name === "rope_freqs.weight"))
    throw new GgufError(
      "The model scales its rotary positions, which the engine does not apply; convert another model.",
    );
  const embedding = header.tensors.find(({ name }) => name === "token_embd.weight");
  const hidden = numberField(header, "llama.embedding_length");
  const heads = numberField(header, "llama.attention.head_count");
  return {
    vocabulary: embedding?.dimensions[1] ?? numberField(header, "llama.vocab_size"),
    hidden,
    intermediate: numberField(header, "llama.feed_forward_length"),
    layers: numberField(header, "llama.block_count"),
    heads,
    kvHeads: numberField(header, "llama.attention.head_count_kv", heads),
    headSize: numberField(header, "llama.attention.key_length", hidden / heads),
    contextLength: numberField(header, "llama.context_length"),
    ropeTheta: numberField(header, "llama.rope.freq_base", 10_000),
    // Kept as float32 in the file: the decimal number it stands for.
    normEpsilon: Number(numberField(header, "llama.attention.layer_norm_rms_epsilon").toPrecision(7)),
    tied: !header.tensors.some(({ name }) => name === "output.weight"),
  };
}
