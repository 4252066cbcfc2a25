// Runs the VS Code for the browser on a loopback port, with its own settings, extensions and temporary files in one folder.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { root } from "./places.mjs";
import { capture, start } from "./processes.mjs";

const quietSettings = {
  "workbench.startupEditor": "none",
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "git.openRepositoryInParentFolders": "never",
};

const readyMilliseconds = 60_000;

/** Settings of a profile that has none. Those that are there are the person's, with the model that was chosen. */
export function writeSettings(file, settings) {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
}

/**
 * Starts code-server and waits until it answers.
 *
 * `home` holds everything that it writes; its path must be short, because sockets go into it. `vsix` is installed first;
 * without one, the extension is the working tree itself, unless `bare` leaves it out. With `password` the page asks for it, else it is open to whoever
 * reaches the loopback port. Throws `Failure` when it does not come up.
 */
export async function startCodeServer({
  node,
  entry,
  home,
  vsix,
  settings = {},
  args = [],
  env = {},
  password,
  port,
  bare = false,
}) {
  const userData = join(home, "ud");
  const extensions = join(home, "ext");
  const temporary = join(home, "t");
  for (const folder of [join(userData, "User"), extensions, temporary]) mkdirSync(folder, { recursive: true });
  writeSettings(join(userData, "User", "settings.json"), settings);
  const config = join(home, "config.yaml");
  writeFileSync(config, "auth: none\n");
  const environment = {
    ...withoutEditorVariables(process.env),
    TMPDIR: temporary,
    XDG_DATA_HOME: join(home, "xdg"),
    // No gallery: the workbench then asks nothing of the outside.
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...(password ? { PASSWORD: password } : {}),
    ...env,
  };
  const base = [entry, "--config", config, "--user-data-dir", userData, "--extensions-dir", extensions];
  if (vsix) await installVsix(node, base, vsix, environment);
  else if (!bare) linkWorkingTree(extensions);

  const chosen = await freePort(port);
  const { child, ended } = start(
    node,
    [
      ...base,
      ...["--auth", password ? "password" : "none", "--bind-addr", `127.0.0.1:${chosen}`],
      ...[
        "--disable-telemetry",
        "--disable-update-check",
        "--disable-getting-started-override",
        "--disable-proxy",
        "--ignore-last-opened",
      ],
      ...args,
    ],
    // In a process group of its own, so that what outlives it for a moment can be ended with it.
    { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (data) => (log += data));
  let code;
  void ended.then((value) => (code = value));
  const origin = `http://127.0.0.1:${chosen}`;
  const limit = Date.now() + readyMilliseconds;
  while (!(await answers(origin))) {
    if (code !== undefined || Date.now() > limit) {
      child.kill("SIGKILL");
      throw new Failure(notUp(log));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    origin,
    port: chosen,
    pid: child.pid,
    userData,
    extensions,
    ended,
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // All of the group is gone.
      }
    },
  };
}

/** Address of the window for a folder; of an empty window without one. */
export function windowAddress(origin, folder) {
  const address = new URL(origin);
  if (folder?.endsWith(".code-workspace")) address.searchParams.set("workspace", folder);
  else if (folder) address.searchParams.set("folder", folder);
  else address.searchParams.set("ew", "true");
  return address.href;
}

async function installVsix(node, base, vsix, env) {
  const { code, output } = await capture(node, [...base, "--install-extension", vsix], { env });
  if (code !== 0) throw new Failure(`VS Code could not install ${vsix}: ${output.trim().split("\n").at(-1)}`);
}

function linkWorkingTree(extensions) {
  const { publisher, name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const link = join(extensions, `${publisher}.${name}-${version}`);
  rmSync(link, { force: true });
  symlinkSync(root, link, "dir");
  // VS Code keeps a list of what it found before; without it, it looks.
  const list = join(extensions, "extensions.json");
  if (existsSync(list)) rmSync(list);
}

/** A VS Code started from a terminal of another VS Code must not talk to that one. */
function withoutEditorVariables(env) {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !/^(VSCODE_|ELECTRON_)/.test(key)));
}

async function answers(origin) {
  try {
    return (await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** The wanted port if it is free, or any free one when none is wanted. Throws `Failure`. */
function freePort(wanted = 0) {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", ({ code }) => {
      reject(
        new Failure(
          `Port ${wanted} cannot be used (${code === "EADDRINUSE" ? "it is taken" : code}); choose another with SEARCHLIGHT_PORT.`,
        ),
      );
    });
    probe.listen(wanted, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function notUp(log) {
  return `VS Code for the browser did not start: ${log.trim().split("\n").at(-1) || "it printed nothing"}`;
}
