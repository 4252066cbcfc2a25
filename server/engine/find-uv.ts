import { existsSync, mkdirSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { homedir } from "node:os";
import { cacheHome } from "../home.ts";
import { EngineStartError } from "./engine-start-error.ts";
import { type Python, findPython } from "./find-python.ts";
import { lastLine, runProgram } from "./run-program.ts";

/** `uv`, which makes the engine's environment and is also what the server starts its engine process with. */
export interface Uv {
  readonly path: string;
  readonly version: string;
}

/** The version that is installed where there is none, and the oldest that is taken where there is one. */
export const uvVersion = "0.13.9";
const oldest = [0, 8] as const;

/** A `uv` that runs: named by `SEARCHLIGHT_UV`, in the cache, on PATH, or where its installers put it. */
export async function findUv(env = process.env, cache = cacheHome(), signal?: AbortSignal): Promise<Uv | undefined> {
  for (const path of candidates(env, cache)) {
    if (!existsSync(path)) continue;
    const { code, stdout } = await runProgram(path, ["--version"], { seconds: 20, ...(signal ? { signal } : {}) });
    const [, version, major, minor] = /^uv ((\d+)\.(\d+)\.\S+)/.exec(stdout) ?? [];
    if (code !== 0 || !version) continue;
    if (Number(major) > oldest[0] || Number(minor) >= oldest[1]) return { path, version };
  }
  return undefined;
}

/** The `uv` at hand, else one installed into the cache with any Python that has pip. Throws `EngineStartError`. */
export async function ensureUv(signal: AbortSignal, env = process.env, cache = cacheHome()): Promise<Uv> {
  const found = await findUv(env, cache, signal);
  if (found) return found;
  const target = join(cache, "engine", "uv");
  mkdirSync(target, { recursive: true });
  let failure = "no Python with pip was found to install it with";
  const tried = new Set<string>();
  // Any Python will do for this: the wheel holds a program of its own.
  const suits = ({ version }: Python): boolean => Number(version.split(".")[0]) >= 3;
  for (;;) {
    const python = await findPython(env, (candidate) => suits(candidate) && !tried.has(candidate.path), signal);
    if (!python) break;
    tried.add(python.path);
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target", target];
    const { code, stderr } = await runProgram(python.path, [...args, `uv==${uvVersion}`], { seconds: 300, signal });
    signal.throwIfAborted();
    const installed = code === 0 ? await findUv(env, cache, signal) : undefined;
    if (installed) return installed;
    if (!/No module named pip/.test(stderr)) failure = lastLine(stderr) || "pip failed";
  }
  throw new EngineStartError(
    "no-uv",
    `The program uv is not on this machine and could not be installed (${failure}); install uv, or name it with SEARCHLIGHT_UV.`,
  );
}

function candidates(env: NodeJS.ProcessEnv, cache: string): string[] {
  const name = process.platform === "win32" ? "uv.exe" : "uv";
  const named = env["SEARCHLIGHT_UV"];
  const folders = [
    join(cache, "engine", "uv", "bin"),
    ...(env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder)),
    join(homedir(), ".local", "bin"),
    join(homedir(), ".cargo", "bin"),
  ];
  return [...(named ? [named] : []), ...folders.map((folder) => join(folder, name))];
}
