import { z } from "zod";
import type { FoundModel } from "../../protocol/server-messages.ts";
import { httpFetch } from "./http.ts";
import { complete } from "./complete.ts";
import { type Policy, PolicyError } from "./policy.ts";

/** A model server and the loopback port it usually listens on. */
export interface UsualServer {
  name: string;
  port: number;
  /** Its `/v1/completions` continues a text as it is. Elsewhere a chat template is put around it, or there is none. */
  continuesText: boolean;
}

export const usualServers: readonly UsualServer[] = [
  { name: "Ollama", port: 11434, continuesText: false },
  { name: "LM Studio", port: 1234, continuesText: false },
  { name: "vLLM", port: 8000, continuesText: true },
  { name: "llama.cpp", port: 8080, continuesText: true },
  { name: "SGLang", port: 30000, continuesText: true },
  { name: "Jan", port: 1337, continuesText: false },
  { name: "GPT4All", port: 4891, continuesText: false },
  { name: "KoboldCpp", port: 5001, continuesText: true },
  { name: "text-generation-webui", port: 5000, continuesText: true },
];

const milliseconds = 600;
const maxModels = 200;
const maxBytes = 4 * 2 ** 20;

/** Names become part of a policy id and of lists: one line, no white space at the ends, no control characters. */
const ModelName = z
  .string()
  .max(200)
  .regex(/^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u);
const ModelList = z.object({ data: z.array(z.unknown()) });
const ListedModel = z.object({ id: ModelName, owned_by: z.string().nullish().catch(undefined) });

/** What `owned_by` says of a server that listens on another's usual port. */
const owners: Readonly<Record<string, string>> = {
  vllm: "vLLM",
  llamacpp: "llama.cpp",
  sglang: "SGLang",
  library: "Ollama",
};

/**
 * Looks for model servers on their usual loopback ports, all at once, and lists their models. A server that is not there, is slow or
 * answers nonsense is left out. Sends no key. Never rejects.
 */
export async function findServers(
  signal: AbortSignal,
  servers: readonly UsualServer[] = usualServers,
): Promise<FoundModel[]> {
  const lists = await Promise.all(servers.map((server) => listModels(server, signal).catch(() => [])));
  return lists.flat();
}

async function listModels(usual: UsualServer, signal: AbortSignal): Promise<FoundModel[]> {
  const base = `http://127.0.0.1:${usual.port}/v1`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
  const response = await httpFetch()(`${base}/models`, { signal: limit, redirect: "error" });
  if (!response.ok || !response.body) return [];
  const { data } = ModelList.parse(JSON.parse(await boundedText(response.body)));
  const found: FoundModel[] = [];
  for (const raw of data.slice(0, maxModels)) {
    const model = ListedModel.safeParse(raw);
    if (!model.success || /embed/i.test(model.data.id)) continue;
    found.push(...choices(model.data.id, serverOf(usual, model.data.owned_by), base));
  }
  return found;
}

function serverOf(usual: UsualServer, owner: string | null | undefined): UsualServer {
  const name = owners[owner ?? ""];
  const known = usualServers.find((server) => server.name === name);
  return known ? { ...known, port: usual.port } : usual;
}

/** Chat first, since most models are tuned for it; text where the server continues one, as R1-Searcher's base models want. */
function choices(model: string, { name, port, continuesText }: UsualServer, base: string): FoundModel[] {
  const server = `${name}, port ${port}`;
  const chat = { policy: `openai-chat:${model}@${base}`, label: model, server };
  return continuesText
    ? [chat, { policy: `openai:${model}@${base}`, label: `${model} (continues text)`, server }]
    : [chat];
}

async function boundedText(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error("The list of models is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const testSeconds = 120;
const question = "Reply with the word ready.";

/** One real, short request: says what came back, or in one sentence why nothing did. Never rejects for a policy's failure. */
export async function testPolicy(
  open: () => Promise<Policy>,
  signal: AbortSignal,
): Promise<{ ok: boolean; message: string }> {
  const limit = AbortSignal.timeout(testSeconds * 1000);
  try {
    const policy = await open();
    if (policy.ref.kind === "extractive")
      return { ok: true, message: "The extractive policy is part of Searchlight and needs no model." };
    const text = await complete(policy, question, { maxTokens: 64 }, AbortSignal.any([signal, limit]));
    const said = text.replace(/[\p{C}\s]+/gu, " ").trim();
    if (said === "")
      return { ok: false, message: `${policy.ref.label} answered without any text; choose another model.` };
    return {
      ok: true,
      message: `${policy.ref.label} answered: ${said.length > 120 ? `${said.slice(0, 120)}…` : said}`,
    };
  } catch (error) {
    if (limit.aborted && !signal.aborted)
      return {
        ok: false,
        message: `The model did not finish a short reply within ${testSeconds} seconds; choose a smaller one.`,
      };
    if (error instanceof PolicyError) return { ok: false, message: error.message };
    throw error;
  }
}
