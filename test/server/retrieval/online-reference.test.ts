import { describe, expect, test } from "vitest";
import { scriptedPolicy } from "../../../server/models/scripted.ts";
import { webProviders } from "../../../server/retrieval/web/providers.ts";
import { saysNone, summaryText } from "../../../server/retrieval/web/summarise.ts";
import { webRetriever } from "../../../server/retrieval/web/web-search.ts";
import type { Profile } from "../../../server/rollout/profile.ts";
import { r1SearcherEvalV0 } from "../../../server/rollout/profiles/r1-searcher-eval-v0.ts";
import { runRollout } from "../../../server/rollout/rollout.ts";
import { hasReference, referenceRows } from "../../fixtures/golden.ts";
import { answers, modelServer } from "../../fixtures/model-server.ts";

interface Row {
  id: string;
  program: string;
  inputs: { text: string; stop_reason: string; k: number; pages: (string | null)[]; summaries: string[] };
  error?: string;
  out?: {
    label: string;
    row: { gen_text_store?: string };
    searched: string[];
    fetched: string[];
    summary_inputs: { query: string; doc_chars: number }[];
  };
}

/** The reference stops with an error at a page that cannot be fetched; ours goes on without it. */
const failing = "online-page-none";

/** A page of the recorded run; long ones are recorded by their length. */
function page(recorded: string | null | undefined): { ok: true; text: string } | { ok: false; reason: string } {
  if (recorded === null || recorded === undefined) return { ok: false, reason: "gone" };
  const length = /^<(\d+) chars>$/.exec(recorded)?.[1];
  return { ok: true, text: length ? "x".repeat(Number(length)) : recorded };
}

/** The online program writes one summary without a number; everything else is the evaluation's profile. */
const online: Profile = {
  ...r1SearcherEvalV0,
  prompt: { kind: "text", text: "{question}" },
  insertion: { ...r1SearcherEvalV0.insertion, document: "{text}\n", none: "None\n" },
};

const reference = "golden/rl/rollout_text.jsonl";
const rows = referenceRows<Row>(reference).filter(({ id }) => id.startsWith("online-"));

describe.skipIf(!hasReference(reference))("the web step of the reference's online evaluation", () => {
  test("is recorded", () => expect(rows.length).toBeGreaterThanOrEqual(12));

  test.each(rows.filter(({ inputs }) => inputs.stop_reason === "<|end_of_query|>"))(
    "$id",
    async ({ id, inputs, out }) => {
      const organic = inputs.pages.map((_, index) => ({
        link: `https://pages.example/u${index}`,
        title: `T${index}`,
        snippet: "",
      }));
      await using server = await modelServer(answers(200, { organic }));
      const fetched: string[] = [];
      const summaryInputs: { query: string; doc_chars: number }[] = [];
      const retriever = webRetriever(
        webProviders.find(({ name }) => name === "serper")!,
        {
          base: server.url,
          key: () => Promise.resolve("k"),
          site: "en.wikipedia.org",
          summary: {
            id: "recorded",
            readPage(url) {
              const name = url.split("/").at(-1)!;
              fetched.push(name);
              return Promise.resolve(page(inputs.pages[Number(name.slice(1))]));
            },
            summarise(query, page) {
              summaryInputs.push({ query, doc_chars: page.length });
              return Promise.resolve(summaryText(inputs.summaries[summaryInputs.length - 1]!));
            },
          },
        },
      );
      const policy = scriptedPolicy([{ text: inputs.text, finish: { reason: "stop", stop: inputs.stop_reason } }]);
      const trajectory = await runRollout(
        { id: "01TEST", question: "G:", profile: online, policy, retriever },
        { signal: new AbortController().signal, onEvent: () => {} },
      );
      if (!out) {
        expect(id).toBe(failing);
        expect(trajectory.text).toContain("<|begin_of_documents|>\nNone\n<|end_of_documents|>");
        return;
      }
      expect(server.requests.map(({ body }) => body["q"])).toEqual(out.searched);
      expect(fetched).toEqual(out.fetched);
      expect(summaryInputs).toEqual(out.summary_inputs.map(({ query, doc_chars }) => ({ query, doc_chars })));
      if (out.label === "continued") expect(trajectory.text.startsWith(out.row.gen_text_store!)).toBe(true);
      else expect(trajectory.stop?.reason).toBe("empty-query");
    },
  );
});

test("a summary is what follows the last marker", () => {
  expect(summaryText("[Exacted Content]: a [Exacted Content]:: b ")).toBe("b");
  expect(summaryText("plain summary")).toBe("plain summary");
  expect(saysNone("Nonetheless it is so.")).toBe(true);
  expect(saysNone("It is so.")).toBe(false);
});
