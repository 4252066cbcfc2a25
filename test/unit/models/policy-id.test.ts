import { expect, test } from "vitest";
import { endpointKey, parseEndpoint } from "../../../server/models/endpoint.ts";
import { openPolicy, parsePolicyId } from "../../../server/models/policy-id.ts";

test.each([
  ["http://localhost:8000", "http://localhost:8000/v1"],
  ["http://localhost:8000/", "http://localhost:8000/v1"],
  ["http://localhost:8000/v1/", "http://localhost:8000/v1"],
  ["https://api.openai.com/v1", "https://api.openai.com/v1"],
  ["https://host/v1/chat/completions", "https://host/v1"],
  ["https://host/v1/completions", "https://host/v1"],
  ["https://openrouter.ai/api", "https://openrouter.ai/api/v1"],
  ["https://host/v1beta/openai", "https://host/v1beta/openai"],
  ["http://[::1]:8080", "http://[::1]:8080/v1"],
])("the address %s is asked at %s", (written, base) => {
  expect(parseEndpoint(written)).toMatchObject({ ok: true, endpoint: { base } });
});

test.each([
  "localhost:8000",
  "ftp://host/v1",
  "http://",
  "https://user:pass@host/v1",
  "https://host/v1?key=secret",
  "https://host/v1#x",
])("the address %s is refused", (written) => {
  expect(parseEndpoint(written)).toMatchObject({ ok: false });
});

test("a policy id names form, model and endpoint, also where the model's name holds @ and :", () => {
  expect(parsePolicyId("openai:org/m@v2:q4@http://h:1/v1")).toMatchObject({
    ok: true,
    policy: { kind: "openai", form: "completions", model: "org/m@v2:q4", endpoint: { host: "h:1" } },
  });
  expect(parsePolicyId("openai-chat:m@http://h")).toMatchObject({
    ok: true,
    policy: { kind: "openai", form: "chat", model: "m" },
  });
  expect(parsePolicyId("editor:copilot/gpt 5")).toEqual({
    ok: true,
    policy: { kind: "editor", model: "copilot/gpt 5" },
  });
  expect(parsePolicyId("trained:small-2")).toEqual({ ok: true, policy: { kind: "trained", name: "small-2" } });
  expect(parsePolicyId("extractive")).toEqual({ ok: true, policy: { kind: "extractive" } });
});

test.each([
  "",
  "gpt",
  "openai:m",
  "openai:@http://h",
  "openai:m@h",
  "editor:",
  "extractive2",
  "trained:",
  "trained:../x",
  "openai:m@https://u:sk-secret@h",
])("the policy id %j opens nothing and is answered in one sentence without a password", async (id) => {
  const error = await openPolicy(id).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: "PolicyError", kind: "unavailable" });
  expect((error as Error).message).toMatch(/^[^.].*\.$/);
  expect((error as Error).message).not.toContain("sk-secret");
});

test("a model of the editor cannot be opened outside of one", async () => {
  await expect(openPolicy("editor:copilot/gpt")).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("outside of it"),
  });
});

test("a key is looked for in the editor's secrets under both spellings of an address, then in the environment", async () => {
  const parsed = parseEndpoint("http://h:1");
  if (!parsed.ok) throw new Error(parsed.reason);
  const asked: string[] = [];
  const stored = (found: Record<string, string>) => async (endpoint: string) => (asked.push(endpoint), found[endpoint]);
  expect(
    await endpointKey(parsed.endpoint, stored({ "http://h:1/v1": "stored" }), { SEARCHLIGHT_API_KEY: "env" }),
  ).toBe("stored");
  expect(asked).toEqual(["http://h:1", "http://h:1/v1"]);
  expect(
    await endpointKey(parsed.endpoint, stored({}), { SEARCHLIGHT_API_KEY: " env\n", OPENAI_API_KEY: "openai" }),
  ).toBe("env");
  expect(await endpointKey(parsed.endpoint, undefined, { OPENAI_API_KEY: "openai" })).toBeUndefined();
});

test.each([
  ["https://api.openai.com/v1", "openai"],
  ["http://api.openai.com/v1", undefined],
  ["https://api.openai.com.example/v1", undefined],
])("the key in OPENAI_API_KEY is for %s: %s", async (address, key) => {
  const parsed = parseEndpoint(address);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(await endpointKey(parsed.endpoint, undefined, { OPENAI_API_KEY: "openai" })).toBe(key);
});
