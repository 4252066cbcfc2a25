import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Passage } from "../../../protocol/passage.ts";
import { cacheHome } from "../../../server/home.ts";
import { type PassageIndex, openPassageIndex } from "../../../server/index/passage-index.ts";
import type { Embedder } from "../../../server/models/embedder.ts";
import { openEmbedder } from "../../../server/models/open-embedder.ts";
import { keptVectors } from "./kept-vectors.ts";

/** Passages that got a vector in this process. */
export const embedded = { passages: 0 };

/** An index over these passages, kept in the cache so that a second run embeds nothing. */
export async function indexOf(
  passages: readonly Passage[],
  embedder: Embedder | null,
  say: (text: string) => void,
): Promise<PassageIndex> {
  const hash = createHash("sha256");
  for (const { id, title, text } of passages) hash.update(`${id}\0${title}\0${text}\0`);
  let told = 0;
  return openPassageIndex(join(cacheHome(), "corpora", hash.digest("hex").slice(0, 24)), passages, {
    embedder,
    onProgress: (done, total) => {
      if (done - told < 500 && done < total) return;
      told = done;
      say(`  ${done} of ${total} passages have a vector`);
    },
  });
}

/**
 * The embedder of the product, with its vectors of passages kept in the cache; rejects where it is not on this machine, since a page without
 * vectors would mislead.
 */
export async function productEmbedder(): Promise<Embedder> {
  const opening = await openEmbedder("minilm");
  if (!opening.ok) throw new Error(opening.reason);
  const { embedder } = opening;
  return keptVectors(embedder, join(cacheHome(), "vectors", `${embedder.id}.f32`), (count) => {
    embedded.passages += count;
  });
}
