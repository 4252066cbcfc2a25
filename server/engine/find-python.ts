import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { lastLine, runProgram } from "./run-program.ts";

/** An interpreter that was run and told its version. */
export interface Python {
  readonly path: string;
  /** `3.12.1`. */
  readonly version: string;
}

const program = "import platform, sys; print(platform.python_version(), sys.executable)";

/** The newest minor version that the project's packages are pinned for; `requires-python` of trainer/jax/pyproject.toml. */
const newestMinor = 13;

export function suitsEngine({ version }: Python): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major === 3 && minor >= 12 && minor <= newestMinor;
}

/**
 * The first interpreter that suits. Every candidate is run, since a version manager's shim for a version that is not active, or a
 * link whose target went, is found on PATH like any other and does not run.
 */
export async function findPython(
  env: NodeJS.ProcessEnv = process.env,
  suits: (python: Python) => boolean = suitsEngine,
  signal?: AbortSignal,
): Promise<Python | undefined> {
  for (const path of pythonCandidates(env)) {
    const python = await tryPython(path, signal);
    if (python && suits(python)) return python;
  }
  return undefined;
}

/** What an interpreter says of itself; undefined where it does not run. The path is the real one, not a shim's. */
export async function tryPython(path: string, signal?: AbortSignal): Promise<Python | undefined> {
  const { code, stdout } = await runProgram(path, ["-I", "-c", program], {
    seconds: 20,
    ...(signal ? { signal } : {}),
  });
  const [, version, real] = /^(\d+\.\d+\.\d+\S*) (.+)$/.exec(lastLine(stdout)) ?? [];
  return code === 0 && version && real ? { path: real, version } : undefined;
}

/** Paths that may be interpreters, likely ones first: named by the environment, of version managers, on PATH, of the system. */
export function pythonCandidates(env: NodeJS.ProcessEnv): string[] {
  const windows = process.platform === "win32";
  const names = windows ? ["python.exe"] : ["python3.12", "python3.13", "python3", "python"];
  const found: string[] = [];
  const named = env["SEARCHLIGHT_PYTHON"];
  if (named) found.push(named);
  const pyenv = env["PYENV_ROOT"] ?? join(homedir(), ".pyenv");
  for (const version of entries(join(pyenv, "versions")).toSorted(byVersion)) {
    found.push(join(pyenv, "versions", version, ...(windows ? ["python.exe"] : ["bin", "python3"])));
  }
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (isAbsolute(folder)) found.push(...names.map((name) => join(folder, name)));
  }
  if (!windows) {
    for (const folder of ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"]) {
      found.push(...names.map((name) => join(folder, name)));
    }
  }
  return [...new Set(found)];
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** 3.12 before 3.13 before the rest, since 3.12 is what the pins were tried with. */
function byVersion(a: string, b: string): number {
  const rank = (version: string): number => (version.startsWith("3.12") ? 0 : version.startsWith("3.13") ? 1 : 2);
  return rank(a) - rank(b) || a.localeCompare(b);
}
