// node test/bench/results.ts: measures retrieval, metrics and policies and writes docs/results.md. Takes about ten minutes.
import { existsSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { measureAgreement } from "./results/agreement.ts";
import { embedded, productEmbedder } from "./results/corpora.ts";
import { resultsPage } from "./results/page.ts";
import { measurePolicies } from "./results/policies.ts";
import { questionSets } from "./results/question-sets.ts";
import { measureRetrieval } from "./results/retrieval.ts";

const root = join(import.meta.dirname, "..", "..");
const shared = process.env["SEARCHLIGHT_SHARED"] ?? join(root, "..", "shared");
const say = (text: string): void => console.error(text);

if (!existsSync(join(shared, "data"))) {
  say(`There are no question sets at ${join(shared, "data")}; SEARCHLIGHT_SHARED names the folder that holds them.`);
  process.exit(1);
}
const started = performance.now();
const sets = await questionSets(join(shared, "data"));
const embedder = await productEmbedder();
say("Metrics");
const agreement = await measureAgreement(shared);
const retrieval = await measureRetrieval(sets, embedder, say);
const policies = await measurePolicies(sets, embedder, root, say);
await embedder.close();
const page = resultsPage({
  machine: `${process.platform}-${process.arch}, ${availableParallelism()} of ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}`,
  minutes: (performance.now() - started) / 60_000,
  embedded: embedded.passages,
  agreement,
  retrieval,
  policies,
});
writeFileSync(join(root, "docs", "results.md"), page);
say("docs/results.md is written.");
// Native libraries keep handles alive after the work is done.
process.exit(0);
