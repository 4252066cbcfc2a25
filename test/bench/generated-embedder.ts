import type { Embedder } from "../../server/models/embedder.ts";
import { miniLm } from "../../server/models/minilm-model.ts";
import { vectorSource } from "./generated-passages.ts";

/** An embedder that costs nothing and counts what it is asked for; under the name of this machine's model, which can take its vectors over. */
export function generatedEmbedder(seed: number): Embedder & { readonly texts: number } {
  const nextVector = vectorSource(miniLm.dimension, seed);
  let texts = 0;
  return {
    id: miniLm.name,
    dimension: miniLm.dimension,
    maxTokens: miniLm.maxTokens,
    get texts() {
      return texts;
    },
    embed: (asked, kind) => {
      if (kind === "passage") texts += asked.length;
      return Promise.resolve(asked.map(nextVector));
    },
    close: () => Promise.resolve(),
  };
}
