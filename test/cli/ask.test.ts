import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Program, program } from "./program.ts";

const demo = JSON.parse(readFileSync("samples/observatory/demo.json", "utf8")) as { question: string };

let cli: Program;

beforeAll(async () => {
  cli = program();
  expect(await cli.run(["index", cli.folder])).toMatchObject({ code: 0 });
});

afterAll(() => cli[Symbol.dispose]());

test("ask --json gives the answer, its citations at places that hold their quotes, and segments that partition the text", async () => {
  const asked = await cli.json(["ask", cli.folder, demo.question]);
  expect(asked).toMatchObject({
    version: 1,
    question: demo.question,
    policy: { kind: "extractive" },
    profile: "docs",
    abstained: false,
    stopReason: "finished",
  });
  const { citations, segments, searches, text } = asked as {
    citations: { quote: string; path: string; startLine: number; endLine: number; status: string }[];
    segments: { start: number; end: number; origin: string }[];
    searches: { query: string; hits: { path: string; words: unknown; vectors: unknown }[] }[];
    text: string;
  };
  expect(citations.length).toBeGreaterThan(0);
  for (const { quote, path, startLine, endLine, status } of citations) {
    expect(status).toBe("verified");
    expect(
      readFileSync(join(cli.folder, path), "utf8")
        .split("\n")
        .slice(startLine - 1, endLine)
        .join("\n"),
    ).toContain(quote);
  }
  expect(searches.length).toBeGreaterThan(1);
  expect(searches[0]!.hits.length).toBeGreaterThan(0);
  expect(segments.map(({ start }) => start)).toEqual([0, ...segments.slice(0, -1).map(({ end }) => end)]);
  expect(segments.at(-1)!.end).toBe(text.length);
});

test("ask prints the hops, the answer and its citations for a person", async () => {
  const { code, stdout } = await cli.run(["ask", cli.folder, demo.question]);
  expect(code).toBe(0);
  for (const part of [demo.question, "Search 1", "Search 2", "Answer", "Citations, re-read on disk", "verified"])
    expect(stdout).toContain(part);
});

test.each([
  ["Where does the snow plough Bellwether stand?", "lower garage", { path: "procedures/snow-plan.pdf", page: 1 }],
  [
    "What does a person who takes a volume from the reading room write on the card?",
    "a name on a card",
    { path: "handbook/reading-room.docx" },
  ],
])("ask cites the PDF and the Word document of the sample: %s", async (question, answer, place) => {
  const asked = (await cli.json(["ask", cli.folder, question])) as {
    answer: string;
    citations: { quote: string; path: string; status: string }[];
  };
  expect(asked.answer).toContain(answer);
  expect(asked.citations.find(({ quote }) => quote.includes(answer))).toMatchObject({ ...place, status: "verified" });
});

test("a question that the documents do not answer is an abstention with exit code 0", async () => {
  const { stdout, code } = await cli.run([
    "ask",
    cli.folder,
    "What is the melting point of tungsten carbide on Neptune?",
    "--json",
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ abstained: true });
});

test("a search for nothing and a trained policy that is not there are wrong usage", async () => {
  expect(await cli.run(["search", cli.folder, " "])).toMatchObject({ code: 2, stdout: "" });
  const asked = await cli.run(["ask", cli.folder, demo.question, "--policy", "trained:nobody"]);
  expect(asked).toMatchObject({ code: 2, stdout: "" });
  expect(asked.stderr).toContain("There is no trained policy nobody");
});

test("what was asked is listed, shown by its id, and exported as JSON lines", async () => {
  const { trajectoryId } = await cli.json(["ask", cli.folder, demo.question]);
  const { trajectories } = (await cli.json(["trajectories", "list", cli.folder])) as {
    trajectories: { id: string; question: string }[];
  };
  expect(trajectories[0]).toMatchObject({ id: trajectoryId, question: demo.question });
  const word = demo.question.match(/[A-Za-z]{6,}/)![0];
  const chosen = async (...filter: string[]): Promise<unknown[]> =>
    ((await cli.json(["trajectories", "list", cli.folder, ...filter])) as { trajectories: unknown[] }).trajectories;
  expect(await chosen("--text", word, "--policy", "extractive")).toContainEqual(trajectories[0]);
  expect(await chosen("--text", "qqzzx")).toEqual([]);
  expect((await cli.run(["trajectories", "list", cli.folder, "--step", "one"])).code).toBe(2);
  expect(await cli.json(["trajectories", "show", cli.folder, String(trajectoryId)])).toMatchObject({
    trajectory: { id: trajectoryId },
  });
  // Without the folder, all that were ever asked about are looked through.
  expect(await cli.json(["trajectories", "show", String(trajectoryId)])).toMatchObject({
    trajectory: { id: trajectoryId },
  });
  const { trajectories: whole } = (await cli.json(["trajectories", "export", cli.folder])) as {
    trajectories: { id: string }[];
  };
  expect(whole.map(({ id }) => id)).toEqual(trajectories.map(({ id }) => id).reverse());
  const { stdout } = await cli.run(["trajectories", "export", cli.folder]);
  const exported = stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(exported).toEqual(trajectories.map(({ id }) => id).reverse());
  const file = join(cli.dataHome, "export.jsonl");
  await cli.run(["trajectories", "export", cli.folder, "-o", file]);
  expect(readFileSync(file, "utf8")).toBe(stdout);
  expect(await cli.run(["trajectories", "export", cli.folder, "-o", join(file, "below-a-file")])).toMatchObject({
    code: 1,
  });
});

test("search --json says for each hit where it is and what each leg found", async () => {
  const found = (await cli.json(["search", cli.folder, "Kestrel spectrograph", "-k", "3"])) as {
    hits: Record<string, unknown>[];
  };
  expect(found).toMatchObject({ version: 1, mode: "hybrid", state: "ready" });
  expect(found.hits).toHaveLength(3);
  for (const hit of found.hits)
    expect(hit).toMatchObject({
      passage: expect.any(String) as string,
      path: expect.any(String) as string,
      startLine: expect.any(Number) as number,
    });
  const words = (await cli.json(["search", cli.folder, "Kestrel spectrograph", "--mode", "words"])) as {
    hits: { vectors: unknown }[];
  };
  expect(words.hits.map(({ vectors }) => vectors)).toEqual(words.hits.map(() => null));
});

test("status and doctor tell the state of index and machine as JSON", async () => {
  expect(await cli.json(["status", cli.folder])).toMatchObject({ version: 1, status: { state: "ready" } });
  const { checks } = (await cli.json(["doctor"])) as { checks: { name: string; ok: boolean }[] };
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(["Node", "LanceDB", "Embedder"]));
});

test("wrong usage ends with code 2 and a sentence, and nothing on standard output", async () => {
  for (const args of [
    ["ask", join(cli.folder, "no-such"), "q"],
    ["ask", join(cli.folder, "README.md"), "q"],
    ["ask", cli.folder, "q", "--policy", "oracle"],
    ["ask", cli.folder, "q", "--profile", "no-such"],
    ["ask", cli.folder, "q", "--embedder", "no-such"],
    ["index", cli.folder, "--no-such-option"],
    ["no-such-command"],
  ]) {
    const { code, stdout, stderr } = await cli.run(args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr.trim()).not.toBe("");
  }
});

test("a failure ends with code 1 and a sentence on standard error, without a stack", async () => {
  const { code, stderr } = await cli.run(["trajectories", "show", cli.folder, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
  expect(code).toBe(1);
  expect(stderr).toContain("There is no trajectory 01ARZ3NDEKTSV4RRFFQ69G5FAV");
  expect(stderr).not.toMatch(/^\s+at /m);
});
