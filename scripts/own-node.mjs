// A Node that can run Searchlight: the one at hand, or one of Searchlight's own, which npm has as a plain package.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { say } from "./failure.mjs";
import { npm } from "./npm.mjs";
import { cacheHome } from "./places.mjs";
import { capture } from "./processes.mjs";

const version = "24.21.0";

export function recentEnough(node) {
  const [major = 0, minor = 0] = node.replace(/^v/, "").split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/**
 * Path of a Node of 22.12 or later that also runs TypeScript as it is, which tests and measurements need; fetched into the
 * cache the first time it is needed.
 */
export async function ensureNode() {
  return recentEnough(process.versions.node) && process.features.typescript ? process.execPath : ensureNode24();
}

/** Path of the Node 24 in the cache, which the browser's VS Code needs whatever Node is at hand. */
export async function ensureNode24() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const home = join(cacheHome(), "node");
  const file = join(home, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  // Asked for its version, because an interrupted installation leaves a file that does not run.
  if (existsSync(file) && (await capture(file, ["--version"])).code === 0) return file;
  say(`Fetching Node ${version} into ${home}`);
  mkdirSync(home, { recursive: true });
  if (!existsSync(join(home, "package.json"))) writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  await npm(["install", "--ignore-scripts", "--force", `${name}@${version}`], { cwd: home, what: `Node ${version}` });
  return file;
}

/** The environment in which `node` means that Node. */
export function withNode(node, env = process.env) {
  return { ...env, PATH: [dirname(node), env.PATH].filter(Boolean).join(delimiter) };
}
