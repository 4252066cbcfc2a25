import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { EngineStartError } from "./engine-start-error.ts";
import { findPython } from "./find-python.ts";
import { givenEnvironment, givenPythonName } from "./given-python.ts";
import { type Uv, ensureUv } from "./find-uv.ts";
import { pruneEnvironments } from "./prune-environments.ts";
import { lastLine, runProgram } from "./run-program.ts";
import { skyrlSource } from "./skyrl-source.ts";
import { type Backend, type Device, type TrainerProject, placeProject } from "./trainer-project.ts";

/** Which packages an engine needs, and where they are if somebody has installed them already. */
export interface EngineChoice {
  readonly backend: Backend;
  /** `cpu` where absent. */
  readonly device?: Device | undefined;
  /** An interpreter that has the packages; absent: the one that `SEARCHLIGHT_TRAINER_PYTHON` names, else they are installed. */
  readonly python?: string | undefined;
}

/** The engine's Python packages, installed. */
export interface EngineEnvironment {
  readonly project: TrainerProject;
  /** `uv`, or what stands in for it where the interpreter was given. */
  readonly uv: string;
  /** Interpreter of the environment. */
  readonly python: string;
  readonly backend: Backend;
  readonly device: Device;
}

/** Written when an installation is complete: a folder without it is one that was interrupted. */
const Installed = z.object({ uv: z.string(), backend: z.string() });

/** The environment where it is installed and whole, without looking anything up. */
export function installedEnvironment(backend: Backend, device: Device): EngineEnvironment | undefined {
  const project = placeProject(backend, device);
  const python = interpreterOf(project);
  try {
    const mark = Installed.parse(JSON.parse(readFileSync(markOf(project, backend, device), "utf8")));
    if (!existsSync(mark.uv) || !existsSync(python)) return undefined;
    return { project, uv: mark.uv, python, backend, device };
  } catch {
    return undefined;
  }
}

/**
 * Makes sure of `uv`, Python and the packages: a moment where they are there, else a download (0.25 GB for jax on the processor, some
 * 3 GB with CUDA). The lock is made on this machine. A given interpreter is looked at and nothing is installed. Throws `EngineStartError`.
 */
export async function ensureEnvironment(
  choice: EngineChoice,
  signal: AbortSignal,
  onLine: (line: string) => void = () => {},
): Promise<EngineEnvironment> {
  const { backend, device = "cpu" } = choice;
  const given = choice.python ?? process.env[givenPythonName];
  if (given) return givenEnvironment(given, placeProject(backend, device), backend, device, signal);
  const known = installedEnvironment(backend, device);
  if (known) {
    touch(markOf(known.project, backend, device));
    return known;
  }
  if (process.platform === "win32") {
    throw new EngineStartError(
      "platform",
      "The engine runs on Linux and macOS only; start it in WSL or on another machine with searchlight trainer serve-remote.",
    );
  }
  const project = placeProject(backend, device);
  try {
    onLine("Looking for uv");
    const uv = await ensureUv(signal);
    onLine("Looking for Python 3.12");
    const python = await ensurePython(uv, signal, onLine);
    if (backend !== "jax") await checkOut(project, signal, onLine);
    onLine(`Installing the engine's packages into ${project.folder}`);
    await sync(project, backend, device, uv, python, signal, onLine);
    writeFileSync(markOf(project, backend, device), JSON.stringify({ uv: uv.path, backend }));
    const root = dirname(project.leash);
    pruneEnvironments(dirname(root), root);
    return { project, uv: uv.path, python: interpreterOf(project), backend, device };
  } catch (error) {
    if (signal.aborted) throw new EngineStartError("cancelled", "The installation of the engine was stopped.");
    throw error;
  }
}

/** Path of an interpreter that the packages are pinned for; fetched by `uv` where the machine has none. */
async function ensurePython(uv: Uv, signal: AbortSignal, onLine: (line: string) => void): Promise<string> {
  const found = await findPython(process.env, undefined, signal);
  if (found) return found.path;
  const asked = await runProgram(uv.path, ["python", "find", "--managed-python", "3.12"], { seconds: 60, signal });
  if (asked.code === 0) return lastLine(asked.stdout);
  onLine("Fetching Python 3.12");
  const fetched = await runProgram(uv.path, ["python", "install", "3.12"], { seconds: 600, signal, onLine });
  const installed = await runProgram(uv.path, ["python", "find", "--managed-python", "3.12"], { seconds: 60, signal });
  if (fetched.code === 0 && installed.code === 0) return lastLine(installed.stdout);
  throw new EngineStartError(
    "no-python",
    `No Python 3.12 or 3.13 that runs was found and none could be fetched (${lastLine(fetched.stderr)}); install one, or name it with SEARCHLIGHT_PYTHON.`,
  );
}

/** SkyRL's own project, for the backends whose packages only it can name. */
async function checkOut(project: TrainerProject, signal: AbortSignal, onLine: (line: string) => void): Promise<void> {
  if (existsSync(join(project.folder, "pyproject.toml"))) return;
  onLine(`Fetching SkyRL ${skyrlSource.tag}`);
  rmSync(project.folder, { recursive: true, force: true });
  const args = [
    "clone",
    "--quiet",
    "--depth",
    "1",
    "--branch",
    skyrlSource.tag,
    skyrlSource.repository,
    project.folder,
  ];
  const { code, stderr } = await runProgram("git", args, { seconds: 900, signal });
  if (code === 0) return;
  signal.throwIfAborted();
  rmSync(project.folder, { recursive: true, force: true });
  throw new EngineStartError("install", `SkyRL's project could not be fetched with git (${lastLine(stderr)}).`);
}

async function sync(
  project: TrainerProject,
  backend: Backend,
  device: Device,
  uv: Uv,
  python: string,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  const args = ["sync", "--no-progress", "--python", python, ...extraArguments(backend, device)];
  const { code, stderr } = await runProgram(uv.path, args, {
    cwd: project.folder,
    env: { ...uvEnvironment(process.env), UV_PROJECT_ENVIRONMENT: project.environment },
    seconds: backend === "jax" && device === "cpu" ? 1800 : 7200,
    signal,
    // One line per package is for nobody.
    onLine: (line) => void (/^ [-+~] /.test(line) || onLine(line)),
  });
  if (code === 0) return;
  signal.throwIfAborted();
  throw new EngineStartError("install", `The engine's packages could not be installed (${failureOf(stderr)}).`);
}

/** The parts of the project that are installed and started: `--extra NAME` for each. */
export function extraArguments(backend: Backend, device: Device): string[] {
  const extras = ["tinker", backend, ...(backend === "jax" && device === "cuda" ? ["cuda"] : [])];
  return extras.flatMap((name) => ["--extra", name]);
}

/** The environment for `uv`, without what would lead it to another project's environment. */
export function uvEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { VIRTUAL_ENV: _venv, UV_PROJECT_ENVIRONMENT: _project, UV_PYTHON: _python, PYTHONHOME: _home, ...rest } = env;
  return rest;
}

/** The line that says what failed; `uv` explains below it. */
function failureOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^[\s×╰│├─▶error:]+/u, "").trim());
  const first = stderr.split("\n").findIndex((line) => /error:|×/.test(line));
  return (
    lines
      .slice(Math.max(0, first), Math.max(0, first) + 3)
      .filter(Boolean)
      .join(" ") || "uv gave no reason"
  );
}

/** Says that the environment is in use. */
function touch(mark: string): void {
  try {
    utimesSync(mark, new Date(), new Date());
  } catch {
    // A cache that cannot be written to can still be used.
  }
}

function interpreterOf(project: TrainerProject): string {
  return join(project.environment, "bin", "python");
}

function markOf(project: TrainerProject, backend: Backend, device: Device): string {
  return join(project.folder, `installed-${backend}${backend === "jax" && device === "cuda" ? "-cuda" : ""}.json`);
}
