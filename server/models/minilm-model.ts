import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { unit } from "./embedder.ts";

export const miniLm = { name: "all-minilm-l6-v2-int8", dimension: 384, maxTokens: 256 } as const;

/** Memory grows with the square of a batch's length; about this many tokens keep it near 0.3 GB at full speed. */
const batchTokens = 1024;

/** all-MiniLM-L6-v2, int8 weights, mean pooling over the mask, on this machine's processor. Its calls hold their thread up. */
export interface MiniLm {
  /** Ids with [CLS] and [SEP], at most `maxTokens` of them. */
  encode(text: string): number[];
  /** One unit vector for each list of ids. */
  run(batch: readonly (readonly number[])[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

export async function loadMiniLm(folder: string): Promise<MiniLm> {
  const ort = await import("onnxruntime-node");
  const tokenizer = new Tokenizer(JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8")) as object, {});
  const session = await ort.InferenceSession.create(join(folder, "model.onnx"), {
    // Two busy cores and spinning threads on both collapse; one core less than there are does not.
    intraOpNumThreads: Math.max(1, availableParallelism() - 1),
    interOpNumThreads: 1,
    // Plans of memory are kept for every shape of a batch, which are many: a fifth of the memory for no speed.
    enableMemPattern: false,
    logSeverityLevel: 3,
  });
  return {
    encode: (text) => encode(tokenizer, text),
    async run(batch) {
      const width = Math.max(...batch.map((ids) => ids.length));
      const shape = [batch.length, width];
      const cells = batch.length * width;
      const ids = new BigInt64Array(cells);
      const mask = new BigInt64Array(cells);
      for (const [row, tokens] of batch.entries()) {
        for (const [column, token] of tokens.entries()) {
          ids[row * width + column] = BigInt(token);
          mask[row * width + column] = 1n;
        }
      }
      const output = await session.run({
        input_ids: new ort.Tensor("int64", ids, shape),
        attention_mask: new ort.Tensor("int64", mask, shape),
        token_type_ids: new ort.Tensor("int64", new BigInt64Array(cells), shape),
      });
      return meanPool(output, batch, width);
    },
    release: () => session.release(),
  };
}

/** Indexes of lists of ids, grouped by similar length, so that little of a batch is padding. */
export function batchesOf(encoded: readonly (readonly number[])[]): number[][] {
  const order = encoded.map((_, index) => index).sort((a, b) => encoded[a]!.length - encoded[b]!.length);
  const groups: number[][] = [];
  let group: number[] = [];
  for (const index of order) {
    if (group.length > 0 && (group.length + 1) * encoded[index]!.length > batchTokens) {
      groups.push(group);
      group = [];
    }
    group.push(index);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

function encode(tokenizer: Tokenizer, text: string): number[] {
  const { maxTokens } = miniLm;
  // What is far longer than the window is cut before tokenising, which is linear in the text.
  const { ids } = tokenizer.encode(text.slice(0, maxTokens * 16));
  return ids.length <= maxTokens ? [...ids] : [...ids.slice(0, maxTokens - 1), ids.at(-1)!];
}

function meanPool(
  output: InferenceSession.OnnxValueMapType,
  batch: readonly (readonly number[])[],
  width: number,
): Float32Array[] {
  const { dimension } = miniLm;
  const hidden = (output["last_hidden_state"] ?? Object.values(output)[0]) as Tensor;
  const data = hidden.data as Float32Array;
  return batch.map((tokens, row) => {
    const vector = new Float32Array(dimension);
    for (let column = 0; column < tokens.length; column++) {
      const from = (row * width + column) * dimension;
      for (let index = 0; index < dimension; index++) vector[index]! += data[from + index]!;
    }
    return unit(vector);
  });
}
