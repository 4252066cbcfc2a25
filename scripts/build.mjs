// npm run build [-- --production]
import { rmSync } from "node:fs";
import { join } from "node:path";
import { main } from "./failure.mjs";
import { root } from "./places.mjs";
import { setUp } from "./setup.mjs";

await main(async () => {
  // Asked for by name, a build is a whole one.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  await setUp({ production: process.argv.includes("--production") });
});
