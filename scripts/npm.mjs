// npm as set-up uses it: no install script runs, nothing is fetched that npm's cache has, and failures are one sentence.
import { diskFull, Failure } from "./failure.mjs";
import { capture } from "./processes.mjs";

const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];

/** What keeps packages from fetching browsers and GPU libraries while they are installed. */
export const installEnvironment = { ONNXRUNTIME_NODE_INSTALL: "skip", PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" };

/**
 * Runs npm in `cwd`. `what` names the thing being installed in the sentence of a failure. Throws `Failure`.
 */
export async function npm(args, { cwd, what, env = {} }) {
  // Under `npm start` npm says where it is itself, which is surer than the PATH.
  const [command, ...first] = process.env.npm_execpath?.endsWith("npm-cli.js")
    ? [process.execPath, process.env.npm_execpath]
    : ["npm"];
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(config_(prefix|local_prefix|dir)|package_|lifecycle_)/.test(key),
    ),
  );
  const { code, output } = await capture(command, [...first, ...args, ...quiet], {
    cwd,
    env: { ...inherited, ...installEnvironment, ...env },
    shell: process.platform === "win32" && command === "npm",
  });
  if (code !== 0) throw new Failure(sentence(what, code, output));
}

function sentence(what, code, output) {
  if (code === -1) return `npm could not be started to install ${what} (${output}); install npm 10 or later.`;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network request to/.test(output)) {
    return `The package registry could not be reached to install ${what}; connect to a network (or set npm's registry or proxy) and run the command again.`;
  }
  const full = diskFull(output);
  if (full) return full;
  if (/EACCES|EPERM/.test(output)) return `npm may not write where it should install ${what}: ${lastError(output)}`;
  return `npm could not install ${what}: ${lastError(output)}`;
}

function lastError(output) {
  const lines = output.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  return lines
    .filter((line) => line && !line.startsWith("A complete log"))
    .slice(0, 3)
    .join(" · ");
}
