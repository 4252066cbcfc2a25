import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Passage } from "../../../protocol/passage.ts";
import type { Trajectory } from "../../../protocol/trajectory.ts";
import { composeAnswer } from "../../../server/answers/compose.ts";
import { verifyQuote } from "../../../server/answers/verify.ts";
import { normalise } from "../../../server/documents/normalise.ts";
import { hashBytes } from "../../../server/documents/hash-bytes.ts";
import { passagesOf } from "../../../server/documents/passages.ts";
import { readPlace } from "../../../server/documents/read-place.ts";
import { readDocument } from "../../../server/documents/read-document.ts";
import { type Folder, openFolder } from "../../../server/home.ts";
import { docs } from "../../../server/rollout/profiles/docs.ts";
import { hitsOf } from "../../fixtures/retriever.ts";
import { sampleTrajectory } from "../../fixtures/trajectory.ts";

let root: string;
let folder: Folder;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "searchlight-answers-"));
  folder = openFolder(root, join(root, ".home"));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

async function write(path: string, text: string): Promise<Passage[]> {
  writeFileSync(join(root, path), text);
  const bytes = Buffer.from(text);
  const read = await readDocument(path, bytes);
  if (!read.ok) throw new Error(read.reason);
  return passagesOf(read.document, { folder: folder.id, path, contentHash: hashBytes(bytes) });
}

function answered(answer: string, passages: readonly Passage[], fields: Partial<Trajectory> = {}): Trajectory {
  const prompt = "Q\n";
  const written = `t</think><answer>${answer}</answer>`;
  const search = {
    turn: 0,
    query: "q",
    rawQuery: "q",
    hits: hitsOf(passages),
    insertedStart: 2,
    insertedEnd: 2,
    insertedHits: passages.length,
    neutralised: 0,
    seconds: 0,
    cached: false,
  };
  return sampleTrajectory({
    question: "Who looks after the spectrograph?",
    policy: { id: "openai:m@u", kind: "openai", label: "m" },
    text: prompt + written,
    segments: [
      { kind: "prompt", origin: "prompt", start: 0, end: 2, turn: 0 },
      { kind: "answer", origin: "policy", start: 2, end: 2 + written.length, turn: 0 },
    ],
    searches: [search],
    ...fields,
  });
}

const dome = `# North dome

The spectrograph stands in the north dome. It was
built in 1987 by Marta Quill.

Visitors wait in the hall.
`;

describe("an answer", () => {
  test("cites the passage that a sentence names, by a quote at its exact lines", async () => {
    const passages = await write("dome.md", dome);
    const answer = await composeAnswer(answered("Marta Quill built the spectrograph in 1987 [1].", passages), docs, [
      folder,
    ]);
    expect(answer.abstained).toBe(false);
    expect(answer.text).toBe("Marta Quill built the spectrograph in 1987.");
    expect(answer.sentences).toEqual([
      {
        text: "Marta Quill built the spectrograph in 1987.",
        citations: expect.arrayContaining([1]) as number[],
        supported: true,
      },
    ]);
    const cited = answer.citations.map(
      ({ quote, status, place }) => `${status} ${place?.startLine}-${place?.endLine} ${normalise(quote)}`,
    );
    expect(cited).toContain("verified 3-4 It was built in 1987 by Marta Quill.");
  });

  test("marks a sentence unsupported that nothing it read carries, a wrong number included", async () => {
    const passages = await write("dome.md", dome);
    const answer = await composeAnswer(
      answered(
        "It was built in 1987 by Marta Quill [1]. It was built in 1978 by Marta Quill [1]. Penguins live on the roof.",
        passages,
      ),
      docs,
      [folder],
    );
    expect(answer.sentences.map(({ supported }) => supported)).toEqual([true, false, false]);
    expect(answer.sentences[1]!.citations).toEqual([]);
  });

  test("abstains when the policy says so, and shows the nearest places", async () => {
    const answer = await composeAnswer(answered("Not in these documents.", await write("dome.md", dome)), docs, [
      folder,
    ]);
    expect(answer).toMatchObject({ abstained: true, citations: [], nearest: [{ number: 1, status: "verified" }] });
  });

  test("abstains when nothing that was read carries any of it, and keeps what the policy said", async () => {
    const answer = await composeAnswer(answered("Penguins live on the roof.", await write("dome.md", dome)), docs, [
      folder,
    ]);
    expect(answer.abstained).toBe(true);
    expect(answer.notice).toContain("Penguins live on the roof.");
  });

  test("says that nothing was searched when a policy answers without a search", async () => {
    const answer = await composeAnswer(answered("It was built in 1987 by Marta Quill.", [], { searches: [] }), docs, [
      folder,
    ]);
    expect(answer).toMatchObject({ abstained: true, nearest: [] });
    expect(answer.notice).toContain("The policy searched for nothing");
    expect(answer.notice).toContain("built in 1987");
  });

  test("abstains when the policy ended without an answer", async () => {
    const trajectory = answered("x", await write("dome.md", dome));
    const cut = {
      ...trajectory,
      segments: [trajectory.segments[0]!, { ...trajectory.segments[1]!, kind: "query" as const }],
      text: trajectory.text.replace("<answer>x</answer>", ".................."),
    };
    expect((await composeAnswer(cut, docs, [folder])).abstained).toBe(true);
  });

  test("says that a quote moved, that it is stale, or that its file is gone", async () => {
    const [passage] = await write("dome.md", dome);
    const quote = "Visitors wait in the hall.";
    expect(await verifyQuote([folder], passage!.place!, quote)).toMatchObject({
      status: "verified",
      place: { startLine: 6 },
    });
    writeFileSync(join(root, "dome.md"), `${"filler\n\n".repeat(9)}${dome}`);
    expect(await verifyQuote([folder], passage!.place!, quote)).toMatchObject({
      status: "moved",
      place: { startLine: 24 },
    });
    writeFileSync(join(root, "dome.md"), "# North dome\n\nNothing.\n");
    expect((await verifyQuote([folder], passage!.place!, quote)).status).toBe("stale");
    rmSync(join(root, "dome.md"));
    expect((await verifyQuote([folder], passage!.place!, quote)).status).toBe("missing");
  });

  test("reads no file outside the folder, whatever a stored place says", async () => {
    const [passage] = await write("dome.md", dome);
    const outside = { ...passage!.place!, path: "../../../../etc/hostname" };
    expect((await verifyQuote([folder], outside, "a")).status).toBe("missing");
  });
});

describe("a verified citation", () => {
  const word = fc.constantFrom(
    "dome",
    "valve",
    "Quill",
    "1987",
    "**north**",
    "naïve",
    "cafe\u0301",
    "a.b*c",
    "`code`",
    "(x)",
    "\u00a0",
    "[link](y.md)",
    "<b>",
    "&amp;",
    "end.",
    "Why?",
    "a-b",
    "--flag",
    "|",
    "/x/",
    "$&",
  );
  const line = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(" "));
  const block = fc.oneof(
    line,
    line.map((text) => `## ${text}`),
    fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.map((text) => `- ${text}`).join("\n")),
    line.map((text) => `\`\`\`\n${text}\n\`\`\``),
    fc.array(line, { minLength: 2, maxLength: 3 }).map((lines) => lines.join("\n")),
  );
  const wrap = {
    "a.md": (text: string) => text,
    "a.txt": (text: string) => text,
    "a.html": (text: string) =>
      `<html><body><h1>T</h1>${text
        .split("\n\n")
        .map((each) => `<p>${each.replaceAll("<", "&lt;")}</p>`)
        .join("\n")}</body></html>`,
  };

  test("stands in the file, character for character after normalisation, at the lines and columns it names", async () => {
    let verified = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { minLength: 1, maxLength: 8 }).map((blocks) => blocks.join("\n\n")),
        fc.constantFrom(...(Object.keys(wrap) as (keyof typeof wrap)[])),
        fc.option(fc.tuple(fc.nat(), fc.constantFrom("", "X", "\n\n", "dome"), fc.nat({ max: 20 }))),
        async (text, path, edit) => {
          const source = wrap[path](text);
          const passages = await write(path, source);
          fc.pre(passages.length > 0);
          if (edit) {
            const at = edit[0] % (source.length + 1);
            writeFileSync(join(root, path), source.slice(0, at) + edit[1] + source.slice(at + edit[2]));
          }
          const sentences = passages.map(({ text: own }) => own.split(/(?<=[.?])\s/u)[0]!);
          const answer = await composeAnswer(
            answered(sentences.map((each, index) => `${each} [${index + 1}]`).join("\n\n"), passages),
            docs,
            [folder],
          );
          for (const citation of [...answer.citations, ...answer.nearest]) {
            if (citation.status !== "verified" && citation.status !== "moved") continue;
            verified += 1;
            const read = await readPlace(folder, citation.place!);
            expect(read.ok).toBe(true);
            if (!read.ok) continue;
            const said = normalise(read.text);
            const quote = normalise(citation.quote);
            if (path === "a.html") expect(said).toContain(quote);
            else expect(said).toBe(quote);
          }
        },
      ),
      { numRuns: 250 },
    );
    expect(verified).toBeGreaterThan(100);
  });
});
