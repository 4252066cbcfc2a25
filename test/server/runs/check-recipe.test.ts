import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Recipe, type RecipeInput } from "../../../protocol/recipe.ts";
import { checkRecipe } from "../../../server/check-recipe.ts";
import { readRecipe } from "../../../server/runs/read-recipe.ts";
import { type Paths, skyrl02, skyrl04 } from "../../fixtures/skyrl-interfaces.ts";
import { type TinkerServerOptions, tinkerServer } from "../../fixtures/tinker-server.ts";
import { sampleRecipe, writeRecipe } from "../../fixtures/training-recipe.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-check-"));
  writeRecipe(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function fields(changes: Partial<RecipeInput>): Promise<string[]> {
  const { problems } = await checkRecipe(Recipe.parse(sampleRecipe(changes)), folder, AbortSignal.timeout(30_000));
  for (const { message } of problems) expect(message).toMatch(/[.]$/);
  return problems.map(({ field, severity }) => `${severity} ${field}`);
}

test("a sound recipe has no problem and an estimate; each thing that is missing is told at its field", async () => {
  expect(await fields({})).toEqual([]);
  const stage = sampleRecipe().stages[0]!;
  expect(await fields({ profile: "none-such" })).toEqual(["error profile"]);
  expect(await fields({ stages: [{ ...stage, reward: "none-such" }] })).toEqual(["error stages.0.reward"]);
  expect(await fields({ data: [{ file: "gone.jsonl" }] })).toEqual(["error data.0.file"]);
  expect(await fields({ model: { base: "no-model" } })).toEqual(["error model.base"]);
  expect(await fields({ retrieval: { index: "gone" } })).toEqual(["error retrieval.index", "error model.base"]);
  expect(await fields({ retrieval: { index: "documents", mode: "vectors" } })).toEqual(["error retrieval.mode"]);
  writeFileSync(join(folder, "empty.jsonl"), `${JSON.stringify({ id: "a", question: "Why?", golds: [] })}\n`);
  expect(await fields({ data: [{ file: "empty.jsonl" }] })).toEqual(["error data.0.file"]);
  expect(await fields({ data: [{ file: "documents" }] })).toEqual(["error data.0.file"]);
  const learningRate = { peak: 0.001 };
  expect(await fields({ supervised: { files: ["gone.jsonl"], learningRate } })).toEqual(["error supervised.files.0"]);
});

test("an engine elsewhere that does not answer is told before anything starts", async () => {
  const engine = { kind: "remote", url: "http://127.0.0.1:9" } as const;
  expect(await fields({ engine })).toEqual(["error engine.url"]);
});

test.skipIf(existsSync("/dev/nvidia0"))("a GPU that is not there is told before anything starts", async () => {
  expect(await fields({ engine: { kind: "local", device: "cuda" } })).toEqual(["error engine.device"]);
  for (const backend of ["fsdp", "megatron"] as const)
    expect(await fields({ engine: { kind: "local", backend } })).toEqual([
      "warning engine.backend",
      "error engine.backend",
    ]);
});

async function messages(url: string, base = "tiny"): Promise<string[]> {
  const recipe = Recipe.parse(sampleRecipe({ model: { base }, engine: { kind: "remote", url } }));
  const { problems } = await checkRecipe(recipe, folder, AbortSignal.timeout(30_000));
  return problems.filter(({ field }) => field !== "model.base" || base === "tiny").map(({ message }) => message);
}

test("so are a wrong token, a server of another kind, and an engine that serves another model", async () => {
  const faulty = (status: number) => tinkerServer({ fault: () => ({ status, detail: "no" }) });
  await using closed = await faulty(401);
  expect(await messages(closed.url)).toEqual([expect.stringMatching(/token/)]);
  const asked: (string | undefined)[] = [];
  await using guarded = await tinkerServer({
    fault: ({ headers }) => {
      asked.push(headers.authorization);
      return headers.authorization === "Bearer the-right-token" ? undefined : { status: 401, detail: "no" };
    },
  });
  const checked = async (token: string | undefined): Promise<string[]> => {
    const recipe = Recipe.parse(
      sampleRecipe({ model: { base: "models/Base/" }, engine: { kind: "remote", url: guarded.url } }),
    );
    const tokenOf = (url: string) => Promise.resolve(url === guarded.url ? token : undefined);
    const { problems } = await checkRecipe(recipe, folder, AbortSignal.timeout(30_000), tokenOf);
    return problems.filter(({ field }) => field === "engine.url").map(({ message }) => message);
  };
  expect(await checked("the-wrong-token")).toEqual([
    expect.stringMatching(
      /wants another token; give the one .* as SEARCHLIGHT_ENGINE_TOKEN, or in the editor by .*\.$/,
    ),
  ]);
  expect(await checked(undefined)).toEqual([expect.stringMatching(/wants a token; give/)]);
  expect(await checked("the-right-token")).toEqual([]);
  const remote = { kind: "remote", url: guarded.url } as const;
  const { estimate } = await checkRecipe(
    Recipe.parse(sampleRecipe({ engine: remote })),
    folder,
    AbortSignal.timeout(30_000),
    () => Promise.resolve("the-right-token"),
  );
  expect(estimate!.found).toEqual([
    expect.stringMatching(/^The engine at http:\/\/127\.0\.0\.1:\d+ answers \(skyrl-\w+ 0\.4\) and serves base\.$/),
    "Questions with gold answers: 1 to train on, 0 for evaluation.",
  ]);
  expect(asked).toContain("Bearer the-right-token");
  await using other = await faulty(404);
  expect(await messages(other.url)).toEqual([expect.stringMatching(/Tinker server/)]);
  await using sound = await tinkerServer();
  const [message, ...rest] = await messages(sound.url);
  expect(message).toMatch(/serves base; if that is another model than tiny, .*: name the model that it serves\.$/);
  expect(rest).toEqual([]);
  expect(await messages(sound.url, "models/Base/")).toEqual([]);
});

test("so is an engine of a version that is too old or lacks a call; one that only differs is a warning", async () => {
  const rest = (paths: Paths, path: string): Paths =>
    Object.fromEntries(Object.entries(paths).filter(([each]) => each !== path));
  await using old = await tinkerServer({ dialect: "skyrl-0.3", paths: skyrl02 });
  expect(await messages(old.url)).toEqual([
    expect.stringMatching(/^127\.0\.0\.1:\d+ is a SkyRL of before 0\.3; install skyrl 0\.4\.0 there, .*\.$/),
  ]);
  await using changed = await tinkerServer({ paths: rest(skyrl04, "/api/v1/optim_step") });
  expect(await messages(changed.url)).toEqual([
    expect.stringMatching(/ is a SkyRL of a version that is not known: it has no optim_step; install .*\.$/),
  ]);
  const warning = async (options: TinkerServerOptions): Promise<string> => {
    await using server = await tinkerServer(options);
    const recipe = Recipe.parse(
      sampleRecipe({ model: { base: "models/Base/" }, engine: { kind: "remote", url: server.url } }),
    );
    const { problems } = await checkRecipe(recipe, folder, AbortSignal.timeout(30_000));
    const [only, ...more] = problems.filter(({ field }) => field !== "model.base");
    expect(more).toEqual([]);
    expect(only).toMatchObject({ field: "engine.url", severity: "warning" });
    return only!.message;
  };
  expect(await warning({ paths: { ...skyrl04, "/api/v1/forward_many": { post: {} } } })).toMatch(
    /version that was not tried \(it has forward_many\) and is spoken to as 0\.4; if the run fails, install .*\.$/,
  );
  expect(await warning({ version: "1.0.0" })).toMatch(/\(it calls itself 1\.0\.0\)/);
  expect(await warning({ paths: rest(skyrl04, "/api/v1/samplers/{sampler_id}") })).toMatch(/\(it has no samplers/);
});

test.each([
  ['{ "version": 1, ', /^The recipe is no JSON with comments: property name expected in line 1\.$/],
  [
    JSON.stringify({ ...sampleRecipe(), modle: 1 }),
    /^The recipe has no field "modle" \(perhaps "model" is meant\); .*\.$/,
  ],
  [JSON.stringify({ ...sampleRecipe(), xyzzy: 1 }), /^The recipe has no field "xyzzy"; .*\.$/],
  [
    JSON.stringify({ ...sampleRecipe(), version: 2 }),
    /^version is another than 1, which this Searchlight reads; .*\.$/,
  ],
  [JSON.stringify({ ...sampleRecipe(), model: undefined }), /^model is missing; .*\.$/],
  [JSON.stringify({ ...sampleRecipe(), seed: "x" }), /^seed: expected number, received string\.$/],
])("a recipe that cannot be read is told in one sentence: %s", (text, sentence) => {
  const reading = readRecipe(text);
  expect(reading.ok ? [] : reading.problems.map(({ message }) => message)).toEqual([expect.stringMatching(sentence)]);
});
