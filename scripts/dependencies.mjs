// The packages of package-lock.json in node_modules, installed when the lock file has changed since the last time.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "./failure.mjs";
import { npm } from "./npm.mjs";
import { root } from "./places.mjs";

const modules = join(root, "node_modules");
const stampFile = join(modules, ".searchlight-installed");

/** What a finished installation is known by: the lock file and the machine that it was installed for. */
export function dependencyStamp() {
  const lock = readFileSync(join(root, "package-lock.json"));
  return createHash("sha256").update(lock).update(`${process.platform}-${process.arch}`).digest("hex");
}

/** Answers whether anything was installed. Throws `Failure`. */
export async function ensureDependencies() {
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === dependencyStamp()) return false;
  say("Installing packages");
  const changed = existsSync(modules);
  // A tree that is nearly right is brought up to date; an empty one is filled exactly as the lock file says.
  await npm([changed ? "install" : "ci", "--ignore-scripts"], { cwd: root, what: "Searchlight's packages" });
  writeFileSync(stampFile, dependencyStamp());
  return true;
}
