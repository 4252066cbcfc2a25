import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Passage } from "../../protocol/passage.ts";

type Embedded = Pick<Passage, "title" | "text" | "place">;

/**
 * What is embedded of a passage: its title places it, its text is it. A page that has no title goes by its file's name, which says
 * nothing of what a sentence in it means and draws all of the file's passages together; it is left out.
 */
export function embeddingText({ title, text, place }: Embedded): string {
  const file = place && basename(place.path);
  const meant = title === file ? "" : file && title.startsWith(`${file} › `) ? title.slice(file.length + 3) : title;
  return meant === "" ? text : `${meant}\n${text}`;
}

/** Key of a vector: equal texts share one, wherever they stand. */
export function embeddingHash(passage: Embedded): string {
  const known = hashes.get(passage);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(embeddingText(passage)).digest("hex").slice(0, 24);
  hashes.set(passage, hash);
  return hash;
}

/** A commit asks for the hash of each passage when it is planned and when its row is made; passages do not change. */
const hashes = new WeakMap<Embedded, string>();
