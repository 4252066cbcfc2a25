import { type EditorBridge, editorPolicy } from "./editor.ts";
import { type Endpoint, type KeySource, parseEndpoint } from "./endpoint.ts";
import { dispatcherFor, httpFetch } from "./http.ts";
import { openaiPolicy } from "./openai-policy.ts";
import type { Form } from "./openai-requests.ts";
import { type Policy, PolicyError } from "./policy.ts";

export type PolicyId =
  | { kind: "extractive" }
  | { kind: "openai"; form: Form; model: string; endpoint: Endpoint }
  | { kind: "editor"; model: string }
  | { kind: "trained"; name: string };

export type ParsedPolicyId = { ok: true; policy: PolicyId } | { ok: false; reason: string };

/** What policies are opened with. */
export interface PolicyDeps {
  /** Address of a proxy from the settings; the environment's is used where this is absent or empty. */
  proxy?: string;
  /** Absent outside of an editor. */
  editor?: EditorBridge;
  /** The key for an endpoint, from the editor's secrets; the environment is asked where it has none. */
  key?: KeySource;
  /** Opens a policy that was trained here, by its name; throws `PolicyError`. */
  trained?: (name: string) => Policy;
}

/** Reads `extractive`, `openai:MODEL@URL`, `openai-chat:MODEL@URL`, `trained:NAME` or `editor:ID`. A model's name may contain `@`. */
export function parsePolicyId(id: string): ParsedPolicyId {
  if (id === "extractive") return { ok: true, policy: { kind: "extractive" } };
  const editor = /^editor:(?<model>\S.*)$/.exec(id)?.groups;
  if (editor) return { ok: true, policy: { kind: "editor", model: editor["model"]! } };
  const trained = /^trained:(?<name>[a-z0-9][a-z0-9-]{0,79})$/.exec(id)?.groups;
  if (trained) return { ok: true, policy: { kind: "trained", name: trained["name"]! } };
  const server = /^openai(?<chat>-chat)?:(?<model>.+)@(?<url>[a-z]+:\/\/\S*)$/i.exec(id)?.groups;
  if (!server) {
    return {
      ok: false,
      reason: `There is no policy "${id}"; use extractive, openai:MODEL@URL, openai-chat:MODEL@URL, trained:NAME or editor:ID.`,
    };
  }
  const parsed = parseEndpoint(server["url"]!);
  if (!parsed.ok)
    return { ok: false, reason: `The policy of model ${server["model"]} cannot be used: ${parsed.reason}.` };
  const form = server["chat"] ? "chat" : "completions";
  return { ok: true, policy: { kind: "openai", form, model: server["model"]!, endpoint: parsed.endpoint } };
}

/** Opens a policy by its id. No request is made before it is asked to write. Throws `PolicyError` for an id that names none. */
export async function openPolicy(id: string, deps: PolicyDeps = {}): Promise<Policy> {
  const parsed = parsePolicyId(id);
  if (!parsed.ok) throw new PolicyError("unavailable", parsed.reason);
  const { policy } = parsed;
  switch (policy.kind) {
    case "extractive":
      return (await import("./extractive/policy.ts")).extractivePolicy();
    case "editor":
      if (!deps.editor)
        throw new PolicyError(
          "unavailable",
          `The policy ${id} is a model of the editor; outside of it use openai:MODEL@URL or extractive.`,
        );
      return editorPolicy(policy.model, deps.editor);
    case "trained":
      if (!deps.trained) throw new PolicyError("unavailable", `The trained policy ${policy.name} cannot be used here.`);
      return deps.trained(policy.name);
    case "openai": {
      const { form, model, endpoint } = policy;
      const fetch = httpFetch(deps.proxy ? dispatcherFor(deps.proxy) : undefined);
      return openaiPolicy({ id, form, model, endpoint, fetch, ...(deps.key ? { key: deps.key } : {}) });
    }
  }
}
