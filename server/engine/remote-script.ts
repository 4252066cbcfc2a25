import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EngineShape, engineCommand } from "./engine-command.ts";
import { extraArguments } from "./environment.ts";
import { uvVersion } from "./find-uv.ts";
import { launcherScript, modulesFor } from "./given-python.ts";
import { shellQuoted } from "./shell-quote.ts";
import { readyLine } from "./start-engine.ts";
import { skyrlSource } from "./skyrl-source.ts";
import { type Backend, type Device, filesUnder, projectIn, trainerFolder, trainerHash } from "./trainer-project.ts";

export interface RemoteEngine extends EngineShape {
  readonly backend: Backend;
  readonly device: Device;
  /** Port on the host, of its own loopback address. */
  readonly port: number;
  /** Interpreter on the host that has the engine's packages, from `/` or `~/` on; absent: they are installed. */
  readonly python?: string;
  /** Folder on the host of the engine's database, checkpoints and log, from `/` or `~/` on; absent: one in the host's cache. */
  readonly home?: string;
  /** The engine outlives the connection; without it, it ends with it. */
  readonly keep: boolean;
}

/** Stand for folders on the host, whose places only the host knows. */
const rootMark = "/@searchlight-root@";
const homeMark = "/@searchlight-home@";
const modelMark = "/@searchlight-model@";

/**
 * A shell script that sets an engine up on another machine and starts it there, in the foreground, as `startEngine` does here. It needs a
 * POSIX shell, base64, and uv or a Python with pip, or the interpreter that is named; git for the GPU backends.
 */
export function remoteScript(engine: RemoteEngine): string {
  const project = projectIn(rootMark, engine.backend, engine.device);
  const home = {
    folder: homeMark,
    database: `${homeMark}/engine.db`,
    checkpoints: `${homeMark}/checkpoints`,
    log: `${homeMark}/engine.log`,
    record: `${homeMark}/engine.json`,
  };
  const given = engine.python !== undefined;
  const python = given ? '"$python"' : word(join(project.environment, "bin", "python"));
  const environment = { project, uv: "uv", python: "", backend: engine.backend, device: engine.device };
  const { args, env } = engineCommand(environment, home, { ...engine, model: modelMark }, engine.port, {});
  const settings = Object.entries(env)
    .filter(([name]) => name !== "PATH" && name !== "UV_PYTHON" && !(engine.keep && name === "SEARCHLIGHT_LEASH"))
    .map(([name, value]) => `${name}=${word(value ?? "")}`);
  const start = [
    "env",
    ...settings,
    `UV_PYTHON=${python}`,
    // The server starts its engine process by the name uv as well.
    ...(given ? ['PATH="$root/given":"$PATH"'] : []),
    "uv",
    ...args.map(word),
  ].join(" ");
  return [
    "set -eu",
    "umask 077",
    ...folderLines(engine.home),
    `model=${hostPath(engine.model)}`,
    '[ -f "$model/config.json" ] || { echo "There is no model folder $model on this host." >&2; exit 1; }',
    'mkdir -p "$home/checkpoints"',
    ...placeFiles(),
    ...(engine.python === undefined
      ? [
          ...findUvLines,
          ...findPythonLines,
          `cd ${word(dirname(project.folder))}`,
          ...(engine.backend === "jax" ? [] : checkoutLines(project.folder)),
          `cd ${word(project.folder)}`,
          `UV_PROJECT_ENVIRONMENT=${word(project.environment)} uv sync --no-progress --python "$python" ${extraArguments(engine.backend, engine.device).join(" ")} >&2`,
        ]
      : [...givenPythonLines(engine.python, engine.backend), 'cd "$root"']),
    `if [ -f ${word(home.database)} ]; then ${python} -I ${word(project.settle)} ${word(home.database)}; fi`,
    // Whoever answers there already would be taken for this engine.
    `${python} -I -c 'import socket, sys; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1])))' ${engine.port} 2>/dev/null || { echo "Port ${engine.port} of this host is taken, perhaps by an engine that was kept; end that with --stop, or choose another with --port." >&2; exit 1; }`,
    ...(engine.keep ? keptStart(start, home.log) : [`exec ${start}`]),
    "",
  ].join("\n");
}

/** Ends an engine that was kept. */
export function remoteStopScript(home?: string): string {
  return [
    "set -eu",
    ...folderLines(home),
    'group=$(cat "$home/group" 2>/dev/null) || { echo "No engine was kept on this host." >&2; exit 1; }',
    // The number may be another program's by now.
    'case "$(ps -o args= -p "$group" 2>/dev/null)" in *skyrl.tinker.api*) ;; *) rm -f "$home/group"; echo "The engine has ended already."; exit 0 ;; esac',
    'kill -s TERM -- "$group" 2>/dev/null || true',
    "tries=0",
    'while kill -s 0 -- "-$group" 2>/dev/null && [ "$tries" -lt 10 ]; do sleep 1; tries=$((tries + 1)); done',
    'kill -s KILL -- "-$group" 2>/dev/null || true',
    'rm -f "$home/group"',
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

/** The engine's packages and files, and what one engine keeps. */
function folderLines(home: string | undefined): string[] {
  return [
    `root="\${XDG_CACHE_HOME:-$HOME/.cache}/searchlight/engine/remote-${trainerHash(trainerFolder())}"`,
    home === undefined ? 'home="$root/home"' : `home=${hostPath(home)}`,
  ];
}

/** A word of the script with the host's own folders put in. */
function word(text: string): string {
  const places = new Map([
    [rootMark, '"$root"'],
    [homeMark, '"$home"'],
    [modelMark, '"$model"'],
  ]);
  return (
    text
      .split(/(\/@searchlight-(?:root|home|model)@)/)
      .flatMap((part) => (part === "" ? [] : [places.get(part) ?? shellQuoted(part)]))
      .join("") || "''"
  );
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

/** Looks at the interpreter that was named, and writes what stands in for uv with it. */
function givenPythonLines(path: string, backend: Backend): string[] {
  const look =
    "import importlib.metadata, importlib.util, sys; missing = [name for name in sys.argv[1:] if not importlib.util.find_spec(name)]; " +
    'missing and sys.exit("lacks " + ", ".join(missing)); found = importlib.metadata.version("skyrl"); ' +
    'found.startswith("0.4.") or sys.exit("has skyrl " + found + ", and 0.4.0 is needed")';
  const launcher = Buffer.from(launcherScript('"$UV_PYTHON"')).toString("base64");
  return [
    `python=${hostPath(path)}`,
    '[ -x "$python" ] || { echo "There is no Python $python on this host." >&2; exit 1; }',
    `lack=$("$python" -c ${shellQuoted(look)} ${modulesFor(backend).join(" ")} 2>&1) || { echo "$python $lack." >&2; exit 1; }`,
    'mkdir -p "$root/given"',
    `printf %s ${launcher} | base64 -d > "$root/given/uv"`,
    'chmod 700 "$root/given/uv"',
  ];
}

function checkoutLines(folder: string): string[] {
  const { repository, tag } = skyrlSource;
  const target = word(folder);
  return [`[ -f ${target}/pyproject.toml ] || git clone --quiet --depth 1 --branch ${tag} ${repository} ${target} >&2`];
}

/** In a session of its own, with its output in its log; the number of its group is written down. */
function keptStart(start: string, log: string): string[] {
  return [
    `setsid nohup ${start} </dev/null >${word(log)} 2>&1 &`,
    "group=$!",
    'echo "$group" > "$home/group"',
    `echo "The engine starts; its log on this host is "${word(log)} >&2`,
    // Nobody sees the end of one that nobody holds, so it is waited for here until it is ready or gone.
    `until grep -q ${shellQuoted(readyLine)} ${word(log)}; do`,
    `  kill -s 0 "$group" 2>/dev/null || { grep -i error ${word(log)} | tail -n 3 >&2; rm -f "$home/group"; echo "The engine ended by itself." >&2; exit 1; }`,
    "  sleep 1",
    "done",
  ];
}
