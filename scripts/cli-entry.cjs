#!/usr/bin/env node
// dist/cli.js: starts the terminal program in a Node that can run it. Written for Node 20.
"use strict";
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { homedir } = require("node:os");
const { join } = require("node:path");

const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 12)) {
  require("./cli.cjs");
} else {
  const own = join(
    cacheHome(),
    "node",
    "node_modules",
    `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  // One that turns out to be no later than this one must not start itself again and again.
  if (existsSync(own) && !process.env.SEARCHLIGHT_OWN_NODE) {
    const child = spawn(own, [__filename, ...process.argv.slice(2)], {
      stdio: "inherit",
      env: { ...process.env, SEARCHLIGHT_OWN_NODE: "1" },
    });
    child.on("error", (error) => {
      console.error(
        `Searchlight's own Node could not be started (${error.code}); run npm start in Searchlight's folder to fetch it again.`,
      );
      process.exit(1);
    });
    // A signal sent to this process alone is meant for the program.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("exit", (code, signal) => {
      if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
      else process.exit(code);
    });
  } else {
    console.error(
      `Searchlight needs Node 22.12 or later and this is Node ${process.versions.node}; install a later one, or run npm start in Searchlight's folder, which fetches one of its own.`,
    );
    process.exit(1);
  }
}

/** The same rules as server/home.ts, which an old Node cannot load. */
function cacheHome() {
  if (process.env.SEARCHLIGHT_CACHE) return process.env.SEARCHLIGHT_CACHE;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "Searchlight");
  if (process.platform === "win32") return join(process.env.LOCALAPPDATA || homedir(), "Searchlight", "cache");
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "searchlight");
}
