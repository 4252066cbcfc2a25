import type { SilenceWatch } from "./silence-watch.ts";

/** Headers of an answer that the `openai` package's retries go by. */
const retryHeaders = ["retry-after", "retry-after-ms", "x-should-retry"];

/**
 * The fetch that the `openai` package is given. Only the headers that a request needs go out (the package would add those of its
 * environment variables and a description of the machine), redirects are not followed (they would carry the prompt
 * elsewhere), and error bodies of every server come in OpenAI's form.
 */
export function openaiFetch(base: typeof fetch, key: string | undefined, watch: SilenceWatch): typeof fetch {
  return async (input, init) => {
    const headers = {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(key ? { authorization: `Bearer ${key}` } : {}),
    };
    watch.heard();
    let response: Response;
    try {
      response = await base(input as string, {
        method: "POST",
        headers,
        body: init!.body!,
        signal: init!.signal!,
        redirect: "manual",
      });
    } catch (error) {
      watch.rest();
      throw error;
    }
    const body = response.body && watch.body(response.body);
    if (response.ok) return new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });
    const kept = retryHeaders.flatMap((name) =>
      response.headers.has(name) ? [[name, response.headers.get(name)!]] : [],
    );
    const text = await new Response(body).text();
    watch.rest();
    return new Response(JSON.stringify({ error: errorOf(text) }), {
      status: response.status,
      headers: { "content-type": "application/json", ...(Object.fromEntries(kept) as Record<string, string>) },
    });
  };
}

/** Message and field of an error body, whoever wrote it: OpenAI's object, Ollama's string, FastAPI's `detail`, plain text. */
function errorOf(text: string): { message: string; param?: string; code?: string } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { message: text };
  }
  const { error = body } = (typeof body === "object" && body !== null ? body : {}) as { error?: unknown };
  if (typeof error !== "object" || error === null) return { message: String(error ?? text) };
  const { message, param, code } = error as Record<string, unknown>;
  return {
    message: typeof message === "string" ? message : JSON.stringify(error),
    ...(typeof param === "string" ? { param } : {}),
    ...(typeof code === "string" ? { code } : {}),
  };
}
