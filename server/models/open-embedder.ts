import type { EmbedderDeps, EmbedderOpening } from "./embedder.ts";
import { openMiniLm } from "./embedder-minilm.ts";
import { openEndpointEmbedder } from "./embedder-openai.ts";

/** Opens an embedder by its id and makes a real vector with it: `minilm`, `openai:MODEL@URL` or `none`. */
export async function openEmbedder(spec: string, deps: EmbedderDeps = {}): Promise<EmbedderOpening> {
  if (spec === "none") return { ok: false, reason: "No embedder is chosen." };
  if (spec === "" || spec === "minilm") return openMiniLm();
  const endpoint = /^openai:(?<model>.+)@(?<url>https?:\/\/\S+)$/.exec(spec)?.groups;
  if (endpoint) return openEndpointEmbedder(endpoint["model"]!, endpoint["url"]!, deps);
  return { ok: false, reason: `There is no embedder "${spec}"; use minilm, openai:MODEL@URL or none.` };
}
