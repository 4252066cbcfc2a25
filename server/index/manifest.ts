import { z } from "zod";
import { SkippedFile } from "../../protocol/index-status.ts";
import { passageVersion } from "../documents/passages.ts";
import type { StoredState } from "./stored-state.ts";

/** Version of the tables of an index. */
export const indexFormat = 3;

/** What an index holds of one file. */
export interface ManifestFile {
  /** Of the content; empty for a file that was skipped and is not read before it changes. */
  hash: string;
  size: number;
  modified: number;
  /** Ids of its passages in their order. Two lists and not one of pairs, which would be most of what an index takes in memory. */
  ids: readonly string[];
  /** Of each passage the hash of the text that is embedded. */
  texts: readonly string[];
}

/** The embedder whose vectors are complete and searched; `spec` opens it. */
const ServingEmbedder = z.object({ spec: z.string(), id: z.string(), dimension: z.int().min(1) });
export type ServingEmbedder = z.infer<typeof ServingEmbedder>;

/** What an index says of itself as a whole. */
export interface IndexHead {
  skipped: SkippedFile[];
  updatedAt: string | undefined;
  serving: ServingEmbedder | undefined;
}

export type HeadReading =
  | { kind: "ok"; head: IndexHead }
  | { kind: "none" }
  /** Written by a later Searchlight: it must be left alone. */
  | { kind: "newer" }
  /** Unreadable or of an earlier way of cutting documents: derived data, to be built anew. */
  | { kind: "rebuild"; reason: string };

/** What the index at hand is, from its stored state. */
export async function readHead(state: StoredState): Promise<HeadReading> {
  const values = await state.all();
  const format = values.get("format");
  if (format === undefined) return { kind: "none" };
  if (Number(format) > indexFormat) return { kind: "newer" };
  if (Number(format) !== indexFormat || values.get("passages") !== String(passageVersion))
    return { kind: "rebuild", reason: "The index was made by another way of cutting documents." };
  const skipped = z.array(SkippedFile).safeParse(parsed(values.get("skipped")));
  const serving = ServingEmbedder.safeParse(parsed(values.get("serving")));
  return {
    kind: "ok",
    head: { skipped: skipped.data ?? [], updatedAt: values.get("updatedAt"), serving: serving.data },
  };
}

/** Marks an index without content as one of this version. */
export async function writeHead(state: StoredState): Promise<void> {
  await state.put("passages", String(passageVersion));
  await state.put("format", String(indexFormat));
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
