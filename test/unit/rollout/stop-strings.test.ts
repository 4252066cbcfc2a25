import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PolicyChunk, PolicyFinish } from "../../../server/models/policy.ts";
import { withStops } from "../../../server/rollout/stop-strings.ts";

async function* stream(
  chunks: readonly string[],
  state: { closed: boolean },
): AsyncGenerator<PolicyChunk, PolicyFinish> {
  try {
    for (const text of chunks) yield { text };
    return { reason: "length" };
  } finally {
    state.closed = true;
  }
}

async function collect(chunks: readonly string[], stops: readonly string[]) {
  const state = { closed: false };
  const out: string[] = [];
  const generator = withStops(stream(chunks, state), stops);
  for (;;) {
    const step = await generator.next();
    if (step.done) return { text: out.join(""), finish: step.value, closed: state.closed };
    out.push(step.value.text);
  }
}

describe("stop strings", () => {
  test("a stop string that is split over chunks ends the text before it and closes the stream behind", async () => {
    const got = await collect(["one <|end", "_of_", "query|", "> two", " three"], ["<|end_of_query|>", "</answer>"]);
    expect(got).toEqual({ text: "one ", finish: { reason: "stop", stop: "<|end_of_query|>" }, closed: true });
  });

  test("the beginning of a stop string that is not completed is text", async () => {
    expect(await collect(["a </ans", "er"], ["</answer>"])).toMatchObject({
      text: "a </anser",
      finish: { reason: "length" },
    });
    expect(await collect(["a </ans"], ["</answer>"])).toMatchObject({ text: "a </ans", finish: { reason: "length" } });
  });

  test("however a text is cut into chunks, it ends at its first stop string", async () => {
    const stops = ["<|end_of_query|>", "</answer>", "<|x"];
    const piece = fc.constantFrom("<|end_of_query|>", "</answer>", "<|x", "<|", "</", "a", "query|>", "answer>", " ");
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 10 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (pieces, cuts) => {
          const text = pieces.join("");
          const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
          const chunks = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
          const first = Math.min(...stops.map((stop) => text.indexOf(stop)).filter((position) => position >= 0));
          const got = await collect(chunks, stops);
          expect(got.text).toBe(Number.isFinite(first) ? text.slice(0, first) : text);
          expect(got.finish.reason).toBe(Number.isFinite(first) ? "stop" : "length");
        },
      ),
      { numRuns: 500 },
    );
  });
});
