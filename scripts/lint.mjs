// npm run lint: the rules of .oxlintrc.json with type information, and the type check.
import { join } from "node:path";
import { main } from "./failure.mjs";
import { ensureDependencies } from "./dependencies.mjs";
import { ensureNode, withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";

await main(async () => {
  const node = await ensureNode();
  await ensureDependencies();
  const tool = (name, ...args) =>
    run(join(root, "node_modules", ".bin", name), args, { cwd: root, env: withNode(node) });
  const lint = await tool("oxlint", "--type-aware", "--deny-warnings");
  const types = await tool("tsc", "-p", ".");
  return lint || types;
});
