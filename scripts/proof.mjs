// npm run proof [-- --size small|medium|large|trial --seeds 1,2 --together --minutes N --as-is --device cpu|cuda --out FOLDER --keep NAME]: sets up, then proves
// with test/proof/main.ts that the searcher learns. Takes about an hour for each seed on a CPU. --page alone writes the page from what was kept.
import { join } from "node:path";
import { Failure, main } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";
import { setUp, setUpModel } from "./setup.mjs";

await main(async () => {
  const { node } = await setUp();
  const missing = await setUpModel("smollm2-135m-instruct-q4_1", "so there is nothing to train");
  if (missing) throw new Failure(missing);
  return run(node, [join(root, "test", "proof", "main.ts"), ...process.argv.slice(2)], { env: withNode(node) });
});
