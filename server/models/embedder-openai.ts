import { z } from "zod";
import type { Embedder, EmbedderDeps, EmbedderOpening } from "./embedder.ts";
import { unit } from "./embedder.ts";
import { endpointKey, parseEndpoint } from "./endpoint.ts";
import { HttpError, type HttpOptions, dispatcherFor, postJson } from "./http.ts";
import { PolicyError } from "./policy.ts";

const maxTokens = 512;
const textsPerRequest = 64;
const charactersPerRequest = 100_000;

/** Servers answer with numbers or, asked for it, with base64 of little-endian floats; both are read. */
const Reply = z.object({
  data: z.array(z.object({ index: z.int().optional(), embedding: z.union([z.array(z.number()), z.string()]) })),
});

/** An OpenAI-compatible `/v1/embeddings` endpoint, its address with or without `/v1`; its dimension is what its first answer has. */
export async function openEndpointEmbedder(model: string, url: string, deps: EmbedderDeps): Promise<EmbedderOpening> {
  const parsed = parseEndpoint(url);
  if (!parsed.ok) return { ok: false, reason: `openai:${model} cannot be asked for vectors: ${parsed.reason}.` };
  const { base, host } = parsed.endpoint;
  let key: string | undefined;
  try {
    key = await endpointKey(parsed.endpoint, deps.key);
  } catch (error) {
    if (error instanceof PolicyError) return { ok: false, reason: error.message };
    throw error;
  }

  const dispatcher = dispatcherFor(deps.proxy);
  const options = (signal: AbortSignal): HttpOptions => ({
    signal,
    dispatcher,
    ...(key ? { key, redirect: "error" } : {}),
  });
  const request = async (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> => {
    const body = { model, input: texts, encoding_format: "base64" };
    const reply = Reply.safeParse(await postJson(`${base}/embeddings`, body, options(signal)));
    if (!reply.success)
      throw new Error(`The embedding endpoint ${url} answered with something that is no list of embeddings.`);
    const rows = reply.data.data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
    if (rows.length !== texts.length)
      throw new Error(`The embedding endpoint ${url} answered ${rows.length} vectors for ${texts.length} texts.`);
    return rows.map((row) =>
      unit(typeof row.embedding === "string" ? fromBase64(row.embedding) : Float32Array.from(row.embedding)),
    );
  };

  let dimension: number;
  try {
    const [short, long] = await embedGroup(["preflight", longestPassage], request, AbortSignal.timeout(20_000));
    dimension = short!.length;
    const fault = vectorFault(short!, long!);
    if (fault) return { ok: false, reason: `The embedding endpoint ${url} answered ${fault}.` };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }

  const embedder: Embedder = {
    id: `${model}@${host}`,
    dimension,
    maxTokens,
    async embed(texts, _kind, signal) {
      const vectors: Float32Array[] = [];
      for (const group of groups(texts)) vectors.push(...(await embedGroup(group, request, signal)));
      const wrong = vectors.find((vector) => vector.length !== dimension || !vector.every(Number.isFinite));
      if (wrong)
        throw new Error(
          `The embedding endpoint ${url} answered vectors of ${wrong.length} dimensions after ${dimension}.`,
        );
      return vectors;
    },
    close: () => Promise.resolve(),
  };
  return { ok: true, embedder };
}

/** As many words as a passage may have tokens: what is too long for the endpoint shows before any work is done. */
const longestPassage = "passage ".repeat(230);

/** What is wrong with the vectors of two texts that have nothing in common; undefined for nothing. */
function vectorFault(short: Float32Array, long: Float32Array): string | undefined {
  if (short.length === 0) return "an empty vector";
  if (long.length !== short.length) return `vectors of ${short.length} and of ${long.length} dimensions`;
  if (![...short, ...long].every(Number.isFinite)) return "vectors that hold something other than numbers";
  if (short.every((value) => value === 0)) return "a vector of zeros";
  if (short.every((value, at) => value === long[at])) return "the same vector for different texts";
  return undefined;
}

type Request = (texts: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>;

/** A group that is refused as too long is asked again text by text, each halved until it fits. */
async function embedGroup(texts: readonly string[], request: Request, signal: AbortSignal): Promise<Float32Array[]> {
  try {
    return await request(texts, signal);
  } catch (error) {
    if (!(error instanceof HttpError) || ![400, 413, 422].includes(error.status)) throw error;
    if (texts.length > 1) {
      const each: Float32Array[] = [];
      for (const text of texts) each.push(...(await embedGroup([text], request, signal)));
      return each;
    }
    const [text = ""] = texts;
    if (text.length < 64) throw error;
    return embedGroup([text.slice(0, text.length >> 1)], request, signal);
  }
}

function groups(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  let group: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (group.length > 0 && (group.length >= textsPerRequest || characters + text.length > charactersPerRequest)) {
      all.push(group);
      group = [];
      characters = 0;
    }
    group.push(text);
    characters += text.length;
  }
  if (group.length > 0) all.push(group);
  return all;
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  const vector = new Float32Array(bytes.length >> 2);
  for (let index = 0; index < vector.length; index++) vector[index] = bytes.readFloatLE(index * 4);
  return vector;
}
