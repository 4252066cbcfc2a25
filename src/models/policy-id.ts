/** How a server is asked: with turns of a conversation, or with a text that it continues. */
export type Form = "chat" | "completions";

/** `openai-chat:MODEL@URL` or `openai:MODEL@URL`, as the policy setting takes it. */
export function openaiPolicy(form: Form, model: string, endpoint: string): string {
  return `${form === "chat" ? "openai-chat" : "openai"}:${model}@${normaliseEndpoint(endpoint)}`;
}

/** The endpoint in a policy id; undefined for policies that have none. A model's name may contain `@`. */
export function endpointOf(policy: string): string | undefined {
  return /^openai(?:-chat)?:.+@(?<endpoint>[a-z]+:\/\/\S*)$/i.exec(policy)?.groups?.["endpoint"];
}

/** One spelling for one endpoint, so that a key stored for it is found: no trailing slashes, host in lower case. */
export function normaliseEndpoint(endpoint: string): string {
  const trimmed = endpoint.trim().replace(/\/+$/, "");
  return URL.canParse(trimmed) ? new URL(trimmed).href.replace(/\/+$/, "") : trimmed;
}

/** Why a text is no endpoint, as one sentence; undefined when it is one. */
export function endpointFault(text: string): string | undefined {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return "This is not an address; write one such as http://localhost:8000/v1.";
  const url = new URL(trimmed);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "Only http and https addresses can be reached.";
  if (url.username || url.password || url.search || url.hash) {
    return "Leave keys out of the address; store them with “Searchlight: Set API Key”.";
  }
  return undefined;
}
