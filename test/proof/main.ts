// The proof that the searcher learns: one recipe, run as any other with each of several seeds, then its frozen, supervised and reinforced
// policies on the same unseen questions. Every part is kept in the output folder, so that a second call goes on where the first ended.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engineVersions, machineOf } from "./proof-machine.ts";
import { proofPage } from "./proof-page.ts";
import { writeProofQuestions } from "./proof-questions.ts";
import { writeProofRecipe } from "./proof-recipe.ts";
import { type ProofResults, readProofResults, seedResult } from "./proof-results.ts";
import { type ProofSize, type ProofSizeName, proofSizes } from "./proof-size.ts";
import { proveSeed } from "./prove-seed.ts";

const root = join(import.meta.dirname, "../..");
/** Results that the page is written from, one file for each machine. */
const kept = join(import.meta.dirname, "results");
const { values } = parseArgs({
  options: {
    size: { type: "string", default: "small" },
    device: { type: "string" },
    seeds: { type: "string", default: "1" },
    /** Runs every seed at the same time, each with an engine of its own. */
    together: { type: "boolean", default: false },
    questions: { type: "string", default: "1000" },
    minutes: { type: "string" },
    /** Measures runs that were stopped as far as they got. */
    "as-is": { type: "boolean", default: false },
    out: { type: "string" },
    data: { type: "string", default: join(root, "..", "shared", "data") },
    gguf: { type: "string" },
    /** Name of the results among those that are kept. */
    keep: { type: "string" },
    /** Writes the page from the results that are kept, and ends. */
    page: { type: "boolean", default: false },
  },
});
const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function writePage(): void {
  const results = readdirSync(kept).filter((name) => name.endsWith(".json"));
  const page = join(root, "docs", "results-training.md");
  writeFileSync(page, proofPage(results.toSorted().map((name) => readProofResults(join(kept, name)))));
  say(`Wrote ${page}.`);
}

if (values.page) {
  writePage();
  process.exit(0);
}
if (!(values.size in proofSizes)) fail(`--size takes ${Object.keys(proofSizes).join(", ")}.`);
if (values.device !== undefined && values.device !== "cpu" && values.device !== "cuda")
  fail("--device takes cpu, cuda.");
const chosen: ProofSize = proofSizes[values.size as ProofSizeName];
const size: ProofSize = values.device ? { ...chosen, engine: { ...chosen.engine, device: values.device } } : chosen;
const corpora = size.corpora.map((name) => join(values.data, name, "passages.jsonl"));
for (const file of corpora)
  if (!existsSync(file)) fail(`${file} is not there; name the folder of the sets with --data.`);

const signal = AbortSignal.timeout(12 * 3600_000);
const folder = values.out ?? join(root, "out", values.size === "small" ? "proof" : `proof-${values.size}`);
process.env["SEARCHLIGHT_HOME"] ??= join(folder, "home");
const questions = writeProofQuestions(folder, corpora, size);
const seeds = values.seeds.split(",").map(Number);
const started: Promise<Awaited<ReturnType<typeof proveSeed>>>[] = [];
for (const seed of seeds) {
  const recipeFile = writeProofRecipe({
    folder,
    questions,
    size,
    seed,
    ...(values.gguf ? { gguf: values.gguf } : {}),
    ...(values.minutes ? { minutes: Number(values.minutes) } : {}),
  });
  const proving = proveSeed({
    recipeFile,
    sets: questions.heldOut,
    inRun: size.inRun,
    questions: Number(values.questions),
    asIs: values["as-is"],
    say: (line) => say(`seed ${seed}  ${line}`),
    signal,
  });
  started.push(proving);
  if (!values.together) await proving;
}
// A seed that failed takes nothing from the others.
const ended = await Promise.allSettled(started);
const runs = ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
ended.forEach((each, at) => each.status === "rejected" && say(`seed ${seeds[at]} failed: ${String(each.reason)}`));
if (runs.length === 0) process.exit(1);
const results: ProofResults = {
  size: values.size,
  command: `npm run proof -- --size ${values.size} --seeds ${values.seeds}${values.together ? " --together" : ""}`,
  machine: await machineOf(size, signal),
  versions: await engineVersions(size, signal),
  corpora: [...size.corpora],
  passages: questions.passages,
  notes: [],
  seeds: runs.map(seedResult),
};
const file = join(folder, "results.json");
writeFileSync(file, `${JSON.stringify(results)}\n`);
say(`Wrote ${file}. searchlight runs keep ${runs[0]!.run} makes the first seed's policy one that answers.`);
if (values.keep !== undefined) {
  mkdirSync(kept, { recursive: true });
  copyFileSync(file, join(kept, `${values.keep}.json`));
  writePage();
}
process.exit(0);
