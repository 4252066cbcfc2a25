import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { learnBytePairs } from "./byte-pairs.ts";
import { type AddedToken, tokenizerConfig, tokenizerJson } from "./hf-tokenizer.ts";
import { type LlamaShape, llamaConfig, llamaTensors } from "./llama-shape.ts";
import { writeSafetensors } from "./safetensors.ts";

/** Tags of R1-Searcher's two profiles; as single tokens a policy of any size can learn to write them. */
export const searcherTags: readonly string[] = [
  "<think>",
  "</think>",
  "<answer>",
  "</answer>",
  "<|begin_of_query|>",
  "<|end_of_query|>",
  "<|begin_of_documents|>",
  "<|end_of_documents|>",
];

const chatTokens = { end: "<|endoftext|>", turnStart: "<|im_start|>", turnEnd: "<|im_end|>" };

const chatTemplate =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

export interface TinyOptions {
  /** What the tokenizer is learnt from; any text. */
  readonly texts: readonly string[];
  readonly seed?: number;
  /** Tokens at most, added ones included; a multiple of 64. */
  readonly vocabulary?: number;
  readonly hidden?: number;
  readonly layers?: number;
  readonly contextLength?: number;
  /** Tags that become single tokens. */
  readonly tags?: readonly string[];
}

export interface TinyModel {
  readonly folder: string;
  readonly vocabulary: number;
  readonly parameters: number;
}

/**
 * Writes a Llama-architecture model with random weights and a byte-level tokenizer learnt from the texts: what the engine loads, small
 * enough for any machine. Knows nothing until it is trained. The same texts, seed and sizes give the same bytes.
 */
export function makeTinyModel(folder: string, options: TinyOptions): TinyModel {
  const { seed = 0, hidden = 128, layers = 4, contextLength = 2048, tags = searcherTags } = options;
  const limit = options.vocabulary ?? 2048;
  const control = [chatTokens.end, chatTokens.turnStart, chatTokens.turnEnd, ...tags];
  if (limit % 64 !== 0 || limit < 256 + control.length)
    throw new RangeError(`A vocabulary has a multiple of 64 tokens and at least ${256 + control.length}.`);
  if (hidden % 32 !== 0 || hidden < 32) throw new RangeError("The hidden size is a multiple of 32.");
  const pairs = learnBytePairs(options.texts, limit - 256 - control.length);
  // A multiple of 64 suits every way of spreading the parameters; what a small text leaves open stays unused.
  const vocabulary = Math.ceil((pairs.tokens.length + control.length) / 64) * 64;
  const unused = Array.from(
    { length: vocabulary - pairs.tokens.length - control.length },
    (_, index) => `<|unused_${index}|>`,
  );
  const tokens = [...control, ...pairs.tokens, ...unused];
  const added: AddedToken[] = [...control, ...unused].map((content) => ({
    id: tokens.indexOf(content),
    content,
    special: !tags.includes(content),
  }));
  const shape: LlamaShape = {
    vocabulary,
    hidden,
    intermediate: hidden * 2,
    layers,
    heads: hidden / 32,
    kvHeads: Math.max(1, hidden / 64),
    headSize: 32,
    contextLength,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    tied: true,
  };
  mkdirSync(folder, { recursive: true });
  const json = (name: string, value: object): void =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
  json("tokenizer.json", tokenizerJson({ tokens, merges: pairs.merges, added, cut: "digits" }));
  const roles = { eos: chatTokens.turnEnd, pad: chatTokens.end, chatTemplate, contextLength };
  json("tokenizer_config.json", tokenizerConfig(added, roles));
  const parameters = writeWeights(join(folder, "model.safetensors"), shape, seed);
  // Written last: a folder with a configuration is a whole model.
  json("config.json", llamaConfig(shape, { bos: null, eos: 2, pad: 0 }));
  return { folder, vocabulary, parameters };
}

/**
 * With tied embeddings and the usual deviation of 0.02 no logit is ever larger than 2.6, and no training makes the policy prefer
 * anything; 0.1 leaves room.
 */
const deviation = 0.1;

/** Normal weights, norms of one. Answers how many there are. */
function writeWeights(file: string, shape: LlamaShape, seed: number): number {
  let parameters = 0;
  const tensors = llamaTensors(shape).map((tensor, index) => {
    const size = tensor.shape.reduce((product, side) => product * side, 1);
    parameters += size;
    const values = (): Float32Array =>
      tensor.shape.length === 1 ? new Float32Array(size).fill(1) : normal(size, deviation, seed * 65_537 + index);
    return { ...tensor, values };
  });
  writeSafetensors(file, tensors);
  return parameters;
}

/** Sums of twelve uniform numbers, whose variance is one: additions only, so that every machine gives the same bytes. */
function normal(size: number, scale: number, seed: number): Float32Array {
  const uniform = splitMix32(seed);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += uniform();
    values[i] = sum * scale;
  }
  return values;
}

/** SplitMix (Steele et al. 2014) with 32-bit state; numbers in [0, 1). */
function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
