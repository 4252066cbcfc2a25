import type { Hit } from "../../protocol/passage.ts";
import type { FolderIndex } from "../index/folder-index.ts";

/** The hits with the passages of their files that stand around them, as far as their folders are among the indexes. */
export function withNeighbours(indexes: readonly FolderIndex[], hits: readonly Hit[], count: number): Promise<Hit[]> {
  return Promise.all(
    hits.map(async (hit) => {
      const index = indexes.find(({ folder }) => folder.id === hit.passage.place?.folder);
      return index ? { ...hit, neighbours: await index.neighbours(hit.passage, count) } : hit;
    }),
  );
}
