import { z } from "zod";
import { type EmbedderDeps } from "./embedder.ts";
import { endpointKey, parseEndpoint } from "./endpoint.ts";
import { type HttpOptions, dispatcherFor, postJson } from "./http.ts";
import { PolicyError } from "./policy.ts";

/** Judges how well each of some texts answers a query; a model that reads both together. */
export interface Reranker {
  readonly id: string;
  /** One score for each text, in order; more is better. Rejects with one sentence when the endpoint fails. */
  score(query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]>;
}

export type RerankerOpening = { ok: true; reranker: Reranker } | { ok: false; reason: string };

/** The answer of `/v1/rerank` as Cohere, Jina, vLLM and llama.cpp's server give it. */
const Reply = z.object({
  results: z.array(z.object({ index: z.int().min(0), relevance_score: z.number() })),
});

/** UTF-16 units of a text that are sent: more than any such model reads. */
const longestText = 8_000;

/** Opens `MODEL@URL`: the model of a server that has `/v1/rerank`. The key is found as for every other endpoint. */
export async function openReranker(spec: string, deps: EmbedderDeps = {}): Promise<RerankerOpening> {
  const at = spec.lastIndexOf("@");
  if (at < 1)
    return { ok: false, reason: `${spec} names no reranker; give MODEL@URL of a server that has /v1/rerank.` };
  const [model, url] = [spec.slice(0, at), spec.slice(at + 1)];
  const parsed = parseEndpoint(url);
  if (!parsed.ok) return { ok: false, reason: `${spec} cannot be asked to rerank: ${parsed.reason}.` };
  const { base, host } = parsed.endpoint;
  let key: string | undefined;
  try {
    key = await endpointKey(parsed.endpoint, deps.key);
  } catch (error) {
    if (error instanceof PolicyError) return { ok: false, reason: error.message };
    throw error;
  }
  const dispatcher = dispatcherFor(deps.proxy);
  const reranker: Reranker = {
    id: `${model}@${host}`,
    async score(query, texts, signal) {
      if (texts.length === 0) return [];
      const options: HttpOptions = { signal, dispatcher, ...(key ? { key, redirect: "error" } : {}) };
      const documents = texts.map((text) => text.slice(0, longestText));
      const body = { model, query, documents, top_n: documents.length };
      const reply = Reply.safeParse(await postJson(`${base}/rerank`, body, options));
      if (!reply.success) throw new Error(`The reranker ${url} answered with something that is no list of scores.`);
      const scores = new Map(reply.data.results.map((result) => [result.index, result.relevance_score]));
      if (scores.size !== texts.length || texts.some((_, index) => !scores.has(index)))
        throw new Error(`The reranker ${url} answered ${scores.size} scores for ${texts.length} texts.`);
      return texts.map((_, index) => scores.get(index)!);
    },
  };
  return { ok: true, reranker };
}
