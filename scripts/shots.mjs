// npm run shots [-- FILE.jsonl]: sets up, then pictures every view in every theme with test/webview/shots.ts, into out/shots.
// A file of trajectories given by name is pictured in place of the sample run.
// npm run shots -- --readme: takes the README's pictures, docs/images, with test/editor/readme-shots.ts.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ensureChromium } from "./chromium.mjs";
import { Failure, main } from "./failure.mjs";
import { withNode } from "./own-node.mjs";
import { root } from "./places.mjs";
import { run } from "./processes.mjs";
import { setUp } from "./setup.mjs";

await main(async () => {
  const readme = process.argv[2] === "--readme";
  const files = process.argv.slice(readme ? 3 : 2).map((file) => resolve(process.env.INIT_CWD ?? ".", file));
  const absent = files.find((file) => !existsSync(file));
  if (absent !== undefined || files.length > (readme ? 0 : 1))
    throw new Failure(
      `${absent === undefined ? "" : `There is no file ${absent}; `}usage: npm run shots [-- --readme | FILE.jsonl]`,
    );
  const { node } = await setUp();
  const chromium = await ensureChromium();
  return run(node, readme ? ["test/editor/readme-shots.ts"] : ["test/webview/shots.ts", ...files], {
    cwd: root,
    env: { ...withNode(node), SEARCHLIGHT_CHROMIUM: chromium },
  });
});
