import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { EngineStartError } from "./engine-start-error.ts";
import type { EngineEnvironment } from "./environment.ts";
import { tryPython } from "./find-python.ts";
import { lastLine, runProgram } from "./run-program.ts";
import { shellQuoted } from "./shell-quote.ts";
import type { Backend, Device, TrainerProject } from "./trainer-project.ts";

/** Environment variable that names an interpreter which has the engine's packages, for machines that can fetch none. */
export const givenPythonName = "SEARCHLIGHT_TRAINER_PYTHON";

/** What the server and the jax backend import at once; the rest is theirs to miss. */
const engineModules = [
  ...["skyrl", "tinker", "fastapi", "uvicorn", "sqlmodel", "sqlalchemy", "aiosqlite", "aiohttp", "pydantic"],
  ...["jax", "jaxlib", "flax", "optax", "transformers", "tokenizers", "safetensors", "cloudpathlib"],
];
const cudaPlugins = ["jax_cuda13_plugin", "jax_cuda12_plugin"];

const program = `
import importlib.metadata, importlib.util, json, sys
names = sys.argv[1:]
there = [name for name in names if importlib.util.find_spec(name)]
version = importlib.metadata.version("skyrl") if "skyrl" in there else None
print(json.dumps({"there": there, "skyrl": version}))`;

const Found = z.object({ there: z.array(z.string()), skyrl: z.string().nullable() });
export type FoundModules = z.infer<typeof Found>;

/** Names of the Python modules that a backend does not start without. */
export function modulesFor(backend: Backend): readonly string[] {
  return backend === "jax" ? engineModules : engineModules.slice(0, engineModules.indexOf("jax"));
}

/** Why an interpreter with these modules cannot run the engine, as the end of a sentence; undefined where it can. */
export function missingFor(found: FoundModules, backend: Backend, device: Device): string | undefined {
  const wanted = modulesFor(backend);
  const missing = wanted.filter((name) => !found.there.includes(name));
  if (backend === "jax" && device === "cuda" && !cudaPlugins.some((name) => found.there.includes(name)))
    missing.push(cudaPlugins[0]!);
  if (missing.length > 0) return `lacks ${missing.join(", ")}`;
  return found.skyrl?.startsWith("0.4.") ? undefined : `has skyrl ${found.skyrl}, and 0.4.0 is needed`;
}

/**
 * An engine environment around an interpreter that somebody made ready: nothing is installed and `uv` is not needed. Throws
 * `EngineStartError` "no-python" where it does not run, "install" where it lacks a package.
 */
export async function givenEnvironment(
  path: string,
  project: TrainerProject,
  backend: Backend,
  device: Device,
  signal: AbortSignal,
): Promise<EngineEnvironment> {
  const python = isAbsolute(path) ? await tryPython(path, signal) : undefined;
  if (!python)
    throw new EngineStartError(
      "no-python",
      `${path} is no Python that runs; name one by its absolute path, or leave out --python and ${givenPythonName}.`,
    );
  // Not the path that the interpreter says it has: a virtual environment is told by the path it is started with.
  const { code, stdout, stderr } = await runProgram(path, ["-c", program, ...engineModules, ...cudaPlugins], {
    seconds: 120,
    signal,
  });
  const reason = code === 0 ? missingFor(readFound(stdout), backend, device) : `failed (${lastLine(stderr)})`;
  signal.throwIfAborted();
  if (reason !== undefined)
    throw new EngineStartError(
      "install",
      `${path} ${reason}; install what is missing there (trainer/jax/pyproject.toml has the versions), or leave out --python and ${givenPythonName}.`,
    );
  return { project, uv: placeLauncher(path, project), python: path, backend, device };
}

function readFound(stdout: string): FoundModules {
  try {
    return Found.parse(JSON.parse(lastLine(stdout)));
  } catch {
    return { there: [], skyrl: null };
  }
}

/**
 * Writes the program that the server is started with in the place of `uv run`: it starts the interpreter with everything from `-m` on. It stays
 * as the server's parent, because the server reads its parent's command line and starts its engine process by the name `uv` in the same way.
 */
function placeLauncher(python: string, project: TrainerProject): string {
  const name = createHash("sha256").update(python).digest("hex").slice(0, 12);
  const launcher = join(dirname(project.leash), `given-${name}`, "uv");
  mkdirSync(dirname(launcher), { recursive: true });
  writeFileSync(launcher, launcherScript(shellQuoted(python)));
  chmodSync(launcher, 0o755);
  return launcher;
}

/**
 * It hands standard input on, which is the engine's leash, and the request to end.
 * @param python the interpreter as one word of a shell
 */
export function launcherScript(python: string): string {
  return [
    "#!/bin/sh",
    'while [ "$#" -gt 0 ] && [ "$1" != -m ]; do shift; done',
    // Before there is anything to end, so that no request goes amiss.
    "child= asked=",
    `trap 'asked=1; [ -z "$child" ] || kill -s TERM "$child" 2>/dev/null' TERM INT`,
    // A program in the background would have nothing as its standard input.
    "exec 3<&0",
    `${python} "$@" <&3 3<&- &`,
    "child=$!",
    '[ -z "$asked" ] || kill -s TERM "$child" 2>/dev/null',
    'wait "$child"',
    "code=$?",
    // A request to end interrupts a wait.
    'while kill -s 0 "$child" 2>/dev/null; do wait "$child"; code=$?; done',
    'exit "$code"',
    "",
  ].join("\n");
}
