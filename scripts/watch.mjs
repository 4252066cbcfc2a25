// npm run watch: bundles what changes until Ctrl-C.
import { join } from "node:path";
import { main } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";
import { setUp } from "./setup.mjs";

await main(async () => {
  const { node } = await setUp();
  return run(node, [join(root, "esbuild.mjs"), "--watch"], { cwd: root, env: withNode(node) });
});
