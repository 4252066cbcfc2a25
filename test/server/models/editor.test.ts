import { describe, expect, test } from "vitest";
import { type EditorBridge, editorPolicy, withoutSystem } from "../../../server/models/editor.ts";
import { stretchOf, turnOf } from "../../fixtures/policy-turn.ts";

type Complete = EditorBridge["complete"];

const bridge = (complete: Complete): EditorBridge => ({ complete });

/** Sends texts in later turns of the event loop, as notifications come. */
const says =
  (...texts: string[]): Complete =>
  async (_, onText) => {
    for (const text of texts) {
      await new Promise(setImmediate);
      onText(text);
    }
    return { status: "ok" };
  };

test("streams what the editor's model writes and drops the echo of the think tag", async () => {
  const policy = editorPolicy("copilot/gpt", bridge(says("<think>", "I look", " it up. <|begin_of_query|>dome")));
  const { text, finish } = await stretchOf(policy, turnOf("docs"));
  expect(text).toBe("I look it up. <|begin_of_query|>dome");
  expect(finish).toEqual({ reason: "stop", stop: "<|end_of_query|>" });
  expect(policy).toMatchObject({ form: "text", ref: { id: "editor:copilot/gpt", kind: "editor" } });
});

test("keeps text that comes in one burst before it is read, and drops what comes after the end", async () => {
  let late: ((text: string) => void) | undefined;
  const policy = editorPolicy(
    "m",
    bridge(async (_, onText) => {
      for (const text of ["a", "b", "c"]) onText(text);
      late = onText;
      return { status: "ok" };
    }),
  );
  const { text } = await stretchOf(policy, turnOf("docs"));
  late?.("d");
  expect(text).toBe("abc");
});

test("asks for the model by its id with the system text in the first user message", async () => {
  let seen: Parameters<Complete>[0] | undefined;
  const turn = turnOf("docs");
  await stretchOf(
    editorPolicy(
      "vendor/family/id",
      bridge(async (request) => ((seen = request), { status: "ok" })),
    ),
    turn,
  );
  expect(seen?.model).toBe("vendor/family/id");
  expect(seen?.reason).not.toBe("");
  expect(seen?.messages).toEqual([
    { role: "user", content: `${turn.messages[0]!.content}\n\n${turn.messages[1]!.content}` },
  ]);
});

describe("messages without a system role", () => {
  test("keep the order of the turns", () => {
    const user = { role: "user", content: "q" } as const;
    const assistant = { role: "assistant", content: "a" } as const;
    expect(withoutSystem([{ role: "system", content: "s" }, user, assistant, user])).toEqual([
      { role: "user", content: "s\n\nq" },
      assistant,
      user,
    ]);
    expect(withoutSystem([user, assistant])).toEqual([user, assistant]);
    expect(withoutSystem([{ role: "system", content: "s" }, assistant])).toEqual([
      { role: "user", content: "s" },
      assistant,
    ]);
  });
});

test.each(["unavailable", "unauthorised", "refused", "too-long", "cancelled", "bad-response"] as const)(
  "passes on that the editor said %s, after the text so far",
  async (kind) => {
    const failing: Complete = async (_, onText) => (
      onText("half"),
      { status: "error", kind, message: "It did not work; do this." }
    );
    const stream = editorPolicy("m", bridge(failing)).generate(turnOf("docs"), new AbortController().signal);
    expect((await stream.next()).value).toEqual({ text: "half" });
    await expect(stream.next()).rejects.toMatchObject({
      name: "PolicyError",
      kind,
      message: "It did not work; do this.",
    });
  },
);

test("an editor that is gone makes the policy unavailable", async () => {
  const gone = editorPolicy(
    "m",
    bridge(() => Promise.reject(new Error("Connection got disposed.\n  at stack"))),
  );
  await expect(stretchOf(gone, turnOf("docs"))).rejects.toMatchObject({
    kind: "unavailable",
    message:
      "The editor did not pass the request on to its model (Connection got disposed.); reload the window or choose another model.",
  });
});

/** A model that writes once and then waits until it is cancelled. */
function endless(): { complete: Complete; cancelled: Promise<void> } {
  let tell: () => void;
  const cancelled = new Promise<void>((resolve) => (tell = resolve));
  const complete: Complete = (_, onText, signal) =>
    new Promise((resolve) => {
      onText("half");
      signal.addEventListener("abort", () => {
        tell();
        resolve({ status: "error", kind: "cancelled", message: "Cancelled." });
      });
    });
  return { complete, cancelled };
}

test("cancelling ends the stream at once and cancels the editor's request", async () => {
  const { complete, cancelled } = endless();
  const controller = new AbortController();
  const stream = editorPolicy("m", bridge(complete)).generate(turnOf("docs"), controller.signal);
  await stream.next();
  controller.abort();
  await expect(stream.next()).rejects.toMatchObject({ kind: "cancelled" });
  await cancelled;
});

test("a reader who has enough cancels the editor's request", async () => {
  const { complete, cancelled } = endless();
  for await (const _ of editorPolicy("m", bridge(complete)).generate(turnOf("docs"), new AbortController().signal))
    break;
  await cancelled;
});

test("a signal that is aborted already makes no request", async () => {
  let asked = false;
  const policy = editorPolicy(
    "m",
    bridge(async () => ((asked = true), { status: "ok" })),
  );
  await expect(stretchOf(policy, turnOf("docs"), AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
  expect(asked).toBe(false);
});
