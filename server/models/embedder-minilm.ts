import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { type Embedder, type EmbedderOpening, unit } from "./embedder.ts";
import { findModel } from "./model-files.ts";

const name = "all-minilm-l6-v2-int8";
const dimension = 384;
const maxTokens = 256;
/** Memory grows with the square of a batch's length; about this many tokens keep it near 0.3 GB at full speed. */
const batchTokens = 1024;

/** all-MiniLM-L6-v2, int8 weights, mean pooling over the mask, on this machine's processor. */
export async function openMiniLm(): Promise<EmbedderOpening> {
  const folder = findModel(name, ["model.onnx", "tokenizer.json"]);
  if (!folder)
    return { ok: false, reason: "The embedding model's files are not on this machine; npm start fetches them." };
  try {
    const embedder = await load(folder);
    const [probe] = await embedder.embed(["preflight"], "query", new AbortController().signal);
    if (probe?.length === dimension && probe.every(Number.isFinite)) return { ok: true, embedder };
    return {
      ok: false,
      reason: `The embedding model in ${folder} gave no usable vector; delete that folder and run npm start.`,
    };
  } catch (error) {
    const detail = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { ok: false, reason: `The embedding model could not be loaded (${detail}).` };
  }
}

async function load(folder: string): Promise<Embedder> {
  const ort = await import("onnxruntime-node");
  const tokenizer = new Tokenizer(JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8")) as object, {});
  const session = await ort.InferenceSession.create(join(folder, "model.onnx"), {
    // Two busy cores and spinning threads on both collapse; one core less than there are does not.
    intraOpNumThreads: Math.max(1, availableParallelism() - 1),
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });

  const run = async (batch: readonly (readonly number[])[]): Promise<Float32Array[]> => {
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
  };

  return {
    id: name,
    dimension,
    maxTokens,
    async embed(texts, _kind, signal) {
      const encoded = texts.map((text) => encode(tokenizer, text));
      const vectors = new Array<Float32Array>(texts.length);
      for (const batch of batches(encoded)) {
        signal.throwIfAborted();
        const made = await run(batch.map((index) => encoded[index]!));
        for (const [position, index] of batch.entries()) vectors[index] = made[position]!;
      }
      return vectors;
    },
    close: () => session.release(),
  };
}

/** Ids with [CLS] and [SEP], at most `maxTokens` of them. */
function encode(tokenizer: Tokenizer, text: string): number[] {
  // What is far longer than the window is cut before tokenising, which is linear in the text.
  const { ids } = tokenizer.encode(text.slice(0, maxTokens * 16));
  return ids.length <= maxTokens ? [...ids] : [...ids.slice(0, maxTokens - 1), ids.at(-1)!];
}

/** Indexes grouped by similar length, so that little of a batch is padding. */
function batches(encoded: readonly (readonly number[])[]): number[][] {
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

function meanPool(
  output: InferenceSession.OnnxValueMapType,
  batch: readonly (readonly number[])[],
  width: number,
): Float32Array[] {
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
