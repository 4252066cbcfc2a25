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
  const complete = installedAsLocked();
  if (!complete) {
    say("Installing packages");
    // Not `npm ci`: it refuses a lock file that lacks binaries of other platforms, as one made from a partial mirror does.
    // Without saving, the lock file stays as it is.
    await npm(["install", "--no-save", "--ignore-scripts"], { cwd: root, what: "Searchlight's packages" });
  }
  writeFileSync(stampFile, dependencyStamp());
  return !complete;
}

/** Whether npm itself, run by hand, has already put every locked package into node_modules. */
function installedAsLocked() {
  const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const listFile = join(modules, ".package-lock.json");
  if (!existsSync(listFile)) return false;
  const installed = read(listFile);
  return Object.entries(read(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || installed[path]?.version === version || (optional && !installed[path]),
  );
}
