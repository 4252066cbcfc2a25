import { createHash } from "node:crypto";
import type { Passage } from "../../protocol/passage.ts";

/** What is embedded of a passage: its title places it, its text is it. */
export function embeddingText(passage: Pick<Passage, "title" | "text">): string {
  return `${passage.title}\n${passage.text}`;
}

/** Key of a vector: equal texts share one, wherever they stand. */
export function embeddingHash(passage: Pick<Passage, "title" | "text">): string {
  return createHash("sha256").update(embeddingText(passage)).digest("hex").slice(0, 24);
}
