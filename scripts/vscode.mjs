// A VS Code that is served to a browser, from npm packages alone: code-server, put together without its install scripts.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, say } from "./failure.mjs";
import { npm } from "./npm.mjs";
import { ensureNode24 } from "./own-node.mjs";
import { cacheHome } from "./places.mjs";
import { capture } from "./processes.mjs";

const version = "4.139.1";

/** Where the VS Code for the browser is: the Node that runs it, and its entry. */
export async function ensureCodeServer() {
  if (process.platform === "win32")
    throw new Failure("The VS Code for the browser runs on Linux and macOS only; install the desktop VS Code.");
  const node = await ensureNode24();
  const home = join(cacheHome(), `code-server-${version}`);
  const entry = join("node_modules", "code-server", "out", "node", "entry.js");
  if (!existsSync(home)) {
    const scratch = `${home}.${process.pid}`;
    try {
      await install(scratch, node, entry);
      // Only a complete installation gets its name; whoever came first keeps it.
      if (!existsSync(home)) renameSync(scratch, home);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return { node, entry: join(home, entry) };
}

async function install(home, node, entry) {
  say("Fetching VS Code for the browser (about 600 MB, a minute or two, once)");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  // Its Node brings the headers that compiling needs, so nothing else is fetched for it.
  const env = { PATH: `${dirname(node)}:${process.env.PATH}`, npm_config_nodedir: dirname(dirname(node)) };
  const what = "VS Code for the browser";
  await npm(["install", "--ignore-scripts", `code-server@${version}`], { cwd: home, what, env });
  const code = join(home, "node_modules", "code-server", "lib", "vscode");
  await npm(["install", "--omit=dev", "--ignore-scripts"], { cwd: code, what, env });
  await npm(["install", "--omit=dev", "--ignore-scripts"], { cwd: join(code, "extensions"), what, env });
  say("Compiling two of its native modules");
  // Without the first no extension host lives, without the second nothing is logged; the others come compiled or are not missed.
  await npm(["rebuild", "@vscode/native-watchdog", "@vscode/spdlog"], {
    cwd: code,
    what: `${what} (it needs make and a C++ compiler)`,
    env,
  });
  const probe = await capture(node, [join(home, entry), "--version"], {
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, "config") },
  });
  if (probe.code !== 0)
    throw new Failure(
      `VS Code for the browser was installed and does not start (${probe.output.trim().split("\n")[0]}).`,
    );
}
