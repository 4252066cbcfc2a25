import { webProviders } from "./web/providers.ts";
import type { WebProvider } from "./web/provider.ts";
import { wireForms } from "./wire/forms.ts";
import type { WireForm } from "./wire/wire-form.ts";

/** What a retriever's text names. */
export type RetrieverSpec =
  | { kind: "folder"; path: string }
  | { kind: "remote"; form: WireForm; url: string }
  | { kind: "web"; provider: WebProvider; base?: string }
  | { kind: "replay"; file: string };

export type ParsedRetriever = { ok: true; spec: RetrieverSpec } | { ok: false; reason: string };

/** Reads `r1:URL`, `search-r1:URL`, `recall:URL`, `web:PROVIDER`, `web:PROVIDER@URL`, `replay:FILE`, or a folder's path. */
export function parseRetriever(text: string): ParsedRetriever {
  const [, kind, rest] = /^(r1|search-r1|recall|web|replay):(.*)$/s.exec(text) ?? [];
  if (kind === undefined || rest === undefined) return { ok: true, spec: { kind: "folder", path: text } };
  if (kind === "replay") {
    return rest
      ? { ok: true, spec: { kind, file: rest } }
      : { ok: false, reason: "replay: needs the file of a recording." };
  }
  if (kind === "web") return parseWeb(rest);
  const reason = wrongAddress(rest);
  if (reason) return { ok: false, reason };
  return { ok: true, spec: { kind: "remote", form: wireForms.find(({ name }) => name === kind)!, url: rest } };
}

function parseWeb(text: string): ParsedRetriever {
  const [, name, base] = /^([^@]*)(?:@(.*))?$/s.exec(text)!;
  const provider = webProviders.find((one) => one.name === name);
  if (!provider) {
    const names = webProviders.map((one) => one.name).join(", ");
    return { ok: false, reason: `There is no web search "${name}"; there are ${names}.` };
  }
  if (base === undefined) {
    if (provider.base) return { ok: true, spec: { kind: "web", provider } };
    return { ok: false, reason: `${provider.label} has no address of its own; write web:${provider.name}@URL.` };
  }
  const reason = wrongAddress(base);
  return reason ? { ok: false, reason } : { ok: true, spec: { kind: "web", provider, base } };
}

/** Retriever texts are stored with every trajectory, so an address holds nothing but host and path. */
function wrongAddress(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return `"${text}" is no address of a server; one is http://localhost:8000.`;
  if (url.username || url.password || url.search || url.hash) {
    return "The server's address holds more than host and path; its key belongs into SEARCHLIGHT_RETRIEVAL_KEY.";
  }
  return undefined;
}
