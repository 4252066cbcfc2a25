/** Turns texts into unit vectors. */
export interface Embedder {
  /** Names model and form of the vectors; vectors of different ids never meet in one table. */
  readonly id: string;
  readonly dimension: number;
  /** Longer texts are cut. */
  readonly maxTokens: number;
  /** One unit vector for each text, in order. Rejects with one sentence when the model or endpoint fails. */
  embed(texts: readonly string[], kind: "query" | "passage", signal: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}

export type EmbedderOpening = { ok: true; embedder: Embedder } | { ok: false; reason: string };

export interface EmbedderDeps {
  /** The key for an endpoint, from the editor's secrets; the environment is asked where this is absent. */
  key?(endpoint: string): Promise<string | undefined>;
  /** Proxy of the editor's settings; empty or absent for the environment's. */
  proxy?: string;
}

/** Scales a vector to length 1 in place; a zero vector stays zero. */
export function unit(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (length > 0) for (let index = 0; index < vector.length; index++) vector[index]! /= length;
  return vector;
}
