// npm run bench [-- --quick]: sets up, then measures with test/bench/main.ts, which writes docs/benchmarks.md.
import { join } from "node:path";
import { Failure, main } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";
import { setUp, setUpModel } from "./setup.mjs";

await main(async () => {
  const { node } = await setUp();
  const missing = await setUpModel("all-minilm-l6-v2-int8", "so there is nothing to measure vectors with");
  if (missing) throw new Failure(missing);
  return run(node, [join(root, "test", "bench", "main.ts"), ...process.argv.slice(2)], { env: withNode(node) });
});
