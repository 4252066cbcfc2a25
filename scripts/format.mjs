// npm run format [-- --check]
import { join } from "node:path";
import { ensureDependencies } from "./dependencies.mjs";
import { main } from "./failure.mjs";
import { ensureNode, withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";

await main(async () => {
  const node = await ensureNode();
  await ensureDependencies();
  return run(join(root, "node_modules", ".bin", "oxfmt"), process.argv.slice(2), { cwd: root, env: withNode(node) });
});
