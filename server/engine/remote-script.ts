import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EngineShape, engineCommand } from "./engine-command.ts";
import { extraArguments } from "./environment.ts";
import { uvVersion } from "./find-uv.ts";
import { shellQuoted } from "./shell-quote.ts";
import { skyrlSource } from "./skyrl-source.ts";
import { type Backend, type Device, filesUnder, projectIn, trainerFolder, trainerHash } from "./trainer-project.ts";

export interface RemoteEngine extends EngineShape {
  readonly backend: Backend;
  readonly device: Device;
  /** Port on the host, of its own loopback address. */
  readonly port: number;
  /** The engine outlives the connection; without it, it ends with it. */
  readonly keep: boolean;
}

/** Stands for the engine's folder on the host, whose place only the host knows. */
const rootMark = "/@searchlight-root@";

/**
 * A shell script that sets an engine up on another machine and starts it there, in the foreground, as `startEngine` does here. It needs a
 * POSIX shell, base64, and uv or a Python with pip; git for the GPU backends. The model's path begins with `/` or `~/`.
 */
export function remoteScript(engine: RemoteEngine): string {
  const project = projectIn(rootMark, engine.backend, engine.device);
  const home = {
    folder: `${rootMark}/home`,
    database: `${rootMark}/home/engine.db`,
    checkpoints: `${rootMark}/home/checkpoints`,
    log: `${rootMark}/home/engine.log`,
    record: `${rootMark}/home/engine.json`,
  };
  const python = join(project.environment, "bin", "python");
  const environment = { project, uv: "uv", python, backend: engine.backend, device: engine.device };
  const { args, env } = engineCommand(environment, home, { ...engine, model: modelMark }, engine.port, {});
  const settings = Object.entries(env)
    .filter(([name]) => name !== "PATH" && !(engine.keep && name === "SEARCHLIGHT_LEASH"))
    .map(([name, value]) => `${name}=${word(value ?? "")}`);
  const start = ["env", ...settings, "uv", ...args.map((arg) => (arg === modelMark ? '"$model"' : word(arg)))].join(
    " ",
  );
  return [
    "set -eu",
    "umask 077",
    'root="${XDG_CACHE_HOME:-$HOME/.cache}/searchlight/engine/remote-' + trainerHash(trainerFolder()) + '"',
    `model=${hostPath(engine.model)}`,
    '[ -f "$model/config.json" ] || { echo "There is no model folder $model on this host." >&2; exit 1; }',
    'mkdir -p "$root/home/checkpoints"',
    ...placeFiles(),
    ...findUvLines,
    ...findPythonLines,
    `cd ${word(dirname(project.folder))}`,
    ...(engine.backend === "jax" ? [] : checkoutLines(project.folder)),
    `cd ${word(project.folder)}`,
    `UV_PROJECT_ENVIRONMENT=${word(project.environment)} uv sync --no-progress --python "$python" ${extraArguments(engine.backend, engine.device).join(" ")} >&2`,
    `if [ -f ${word(home.database)} ]; then ${word(python)} -I ${word(project.settle)} ${word(home.database)}; fi`,
    ...(engine.keep ? keptStart(start, home.log) : [`exec ${start}`]),
    "",
  ].join("\n");
}

/** Ends an engine that was kept. */
export function remoteStopScript(): string {
  return [
    "set -eu",
    'root="${XDG_CACHE_HOME:-$HOME/.cache}/searchlight/engine/remote-' + trainerHash(trainerFolder()) + '"',
    'group=$(cat "$root/home/group" 2>/dev/null) || { echo "No engine was kept on this host." >&2; exit 1; }',
    // The number may be another program's by now.
    'case "$(ps -o args= -p "$group" 2>/dev/null)" in *skyrl.tinker.api*) ;; *) rm -f "$root/home/group"; echo "The engine has ended already."; exit 0 ;; esac',
    'kill -s TERM -- "$group" 2>/dev/null || true',
    "tries=0",
    'while kill -s 0 -- "-$group" 2>/dev/null && [ "$tries" -lt 10 ]; do sleep 1; tries=$((tries + 1)); done',
    'kill -s KILL -- "-$group" 2>/dev/null || true',
    'rm -f "$root/home/group"',
    'echo "The engine is stopped."',
    "",
  ].join("\n");
}

/**
 * One argument for ssh that runs a script in any login shell: it holds no quotes, line feeds or signs that a shell other than a POSIX one
 * would read in its own way.
 */
export function remoteCommand(script: string): string {
  return `exec sh -c 'eval "$(printf %s ${Buffer.from(script).toString("base64")} | base64 -d)"'`;
}

const modelMark = "/@searchlight-model@";

/** A word of the script with the host's own folder put in. */
function word(text: string): string {
  return text.split(rootMark).map(shellQuoted).join('"$root"');
}

function hostPath(path: string): string {
  return path.startsWith("~/") ? `"$HOME"${shellQuoted(path.slice(1))}` : shellQuoted(path);
}

function placeFiles(): string[] {
  const source = trainerFolder();
  return filesUnder(source).flatMap((file) => [
    `mkdir -p ${word(dirname(`${rootMark}/${file}`))}`,
    `printf %s ${readFileSync(join(source, file)).toString("base64")} | base64 -d > ${word(`${rootMark}/${file}`)}`,
  ]);
}

const findUvLines = [
  'PATH="$root/../uv/bin:$HOME/.local/bin:$HOME/.cargo/bin:$PATH"; export PATH',
  `uv --version >/dev/null 2>&1 || python3 -m pip install --quiet --target "$root/../uv" uv==${uvVersion} >&2 || { echo "uv is not on this host and could not be installed; install it there." >&2; exit 1; }`,
];

/** Every candidate is run: a version manager's shim for another version is on PATH like a real one. */
const findPythonLines = [
  "python=3.12",
  'for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python3 python3.12 python3.13 python3; do',
  '  if real=$("$candidate" -I -c "import sys; print(sys.executable) if (3, 12) <= sys.version_info < (3, 14) else sys.exit(1)" 2>/dev/null); then python=$real; break; fi',
  "done",
];

function checkoutLines(folder: string): string[] {
  const { repository, tag } = skyrlSource;
  const target = word(folder);
  return [`[ -f ${target}/pyproject.toml ] || git clone --quiet --depth 1 --branch ${tag} ${repository} ${target} >&2`];
}

/** In a session of its own, with its output in its log; the number of its group is written down. */
function keptStart(start: string, log: string): string[] {
  return [
    `setsid nohup ${start} </dev/null >${word(log)} 2>&1 &`,
    'echo $! > "$root/home/group"',
    `echo "The engine starts; its log on this host is "${word(log)} >&2`,
  ];
}
