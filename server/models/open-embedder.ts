import type { EmbedderDeps, EmbedderOpening } from "./embedder.ts";
import { openMiniLm } from "./embedder-minilm.ts";
import { openEndpointEmbedder } from "./embedder-openai.ts";

const endpointId = /^openai:(?<model>.+)@(?<url>https?:\/\/\S+)$/;

/** Why a text names no embedder, in one sentence; undefined when it names one, which may still fail to open. */
export function embedderIdFault(spec: string): string | undefined {
  if (["", "none", "minilm"].includes(spec) || endpointId.test(spec)) return undefined;
  return `There is no embedder "${spec}"; use minilm, openai:MODEL@URL or none.`;
}

/** Opens an embedder by its id and makes a real vector with it: `minilm`, `openai:MODEL@URL` or `none`. */
export async function openEmbedder(spec: string, deps: EmbedderDeps = {}): Promise<EmbedderOpening> {
  const fault = embedderIdFault(spec);
  if (fault) return { ok: false, reason: fault };
  if (spec === "none") return { ok: false, reason: "No embedder is chosen." };
  const endpoint = endpointId.exec(spec)?.groups;
  return endpoint ? openEndpointEmbedder(endpoint["model"]!, endpoint["url"]!, deps) : openMiniLm();
}
