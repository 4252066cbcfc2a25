import { mkdirSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { cacheHome } from "../home.ts";
import { installedEnvironment } from "./environment.ts";
import { type Gpu, findGpus, oldestDriver, outdatedGpu } from "./find-gpus.ts";
import { findPython } from "./find-python.ts";
import { findUv } from "./find-uv.ts";
import { lastLine, runProgram } from "./run-program.ts";
import { type Backend, type Device, neverRun } from "./trainer-project.ts";

/** One fact about this machine. `ok` undefined: it decides nothing by itself. */
export interface MachineFact {
  readonly name: string;
  readonly ok?: boolean;
  readonly detail: string;
}

/** Whether a backend can run here, in one sentence. */
export interface BackendVerdict {
  readonly backend: Backend;
  readonly device: Device;
  readonly state: "installed" | "installable" | "not-here";
  /** Whether the backend was ever run with this program. */
  readonly tried: boolean;
  readonly detail: string;
}

export interface MachineReport {
  readonly facts: readonly MachineFact[];
  readonly gpus: readonly Gpu[];
  readonly backends: readonly BackendVerdict[];
}

/** What an installation of the jax engine takes on the disk, download and packages. */
const diskBytes = { jax: 2 * 2 ** 30, "jax on CUDA": 12 * 2 ** 30, fsdp: 60 * 2 ** 30, megatron: 60 * 2 ** 30 };

/** What can be chosen, with its name in sentences and how it is asked for. */
const choices = [
  { backend: "jax", device: "cpu", name: "jax", flags: "--backend jax" },
  { backend: "jax", device: "cuda", name: "jax on CUDA", flags: "--backend jax --device cuda" },
  { backend: "fsdp", device: "cuda", name: "fsdp", flags: "--backend fsdp" },
  { backend: "megatron", device: "cuda", name: "megatron", flags: "--backend megatron" },
] as const;
type Choice = (typeof choices)[number];

/** Looks at what an engine needs, without installing anything. */
export async function checkMachine(signal: AbortSignal, env = process.env): Promise<MachineReport> {
  const [uv, python, gpus] = await Promise.all([
    findUv(env, cacheHome(), signal),
    findPython(env, undefined, signal),
    findGpus(signal),
  ]);
  const installed = choices.filter(({ backend, device }) => installedEnvironment(backend, device) !== undefined);
  const network = uv && installed.length < choices.length ? await packagesReachable(uv.path, signal) : undefined;
  const free = freeBytes(cacheHome());
  const windows = process.platform === "win32";
  const facts: MachineFact[] = [
    {
      name: "System",
      ok: !windows,
      detail: windows ? "Windows; the engine runs in WSL or on another machine" : `${process.platform}-${process.arch}`,
    },
    { name: "Processor", detail: `${availableParallelism()} cores` },
    { name: "Memory", ok: totalmem() >= 2 * 2 ** 30, detail: memoryDetail() },
    {
      name: "Disk",
      ok: installed.length > 0 || free >= diskBytes.jax,
      detail: `${gibibytes(free)} free in ${cacheHome()}`,
    },
    {
      name: "uv",
      ...(uv ? { ok: true } : {}),
      detail: uv ? `${uv.version}, ${uv.path}` : "not here; trainer install fetches it",
    },
    {
      name: "Python",
      ...(python ? { ok: true } : {}),
      detail: python
        ? `${python.version}, ${python.path}`
        : "no 3.12 or 3.13 that runs; trainer install lets uv fetch one",
    },
    { name: "Packages", detail: networkDetail(network, uv !== undefined) },
    {
      name: "GPUs",
      detail: gpus.map(({ name, mebibytes }) => `${name} (${Math.round(mebibytes / 1024)} GiB)`).join(", ") || "none",
    },
  ];
  return { facts, gpus, backends: choices.map((choice) => verdict(choice, { installed, network, free, gpus })) };
}

interface Found {
  installed: readonly Choice[];
  network: { ok: boolean; reason: string } | undefined;
  free: number;
  gpus: readonly Gpu[];
}

function verdict(choice: Choice, { installed, network, free, gpus }: Found): BackendVerdict {
  const { backend, device, name, flags } = choice;
  const never = neverRun(backend);
  const said = (state: BackendVerdict["state"], detail: string): BackendVerdict => ({
    backend,
    device,
    state,
    tried: never === undefined,
    detail: never === undefined ? detail : `${detail} (${never}.)`,
  });
  const no = (detail: string): BackendVerdict => said("not-here", detail);
  if (process.platform === "win32") return no("The engine does not run on Windows itself.");
  if (device === "cuda") {
    if (process.platform !== "linux") return no(`${name} runs on Linux only.`);
    if (gpus.length === 0)
      return no(
        `${name} needs NVIDIA GPUs, and nvidia-smi shows none; use trainer serve-remote with a machine that has some.`,
      );
    const old = outdatedGpu(gpus);
    if (old) return no(`${name} needs the driver ${oldestDriver} or later, and ${old.name} has ${old.driver}.`);
  }
  if (installed.includes(choice)) return said("installed", `${name} is installed.`);
  if (free < diskBytes[name]) return no(`${name} needs ${gibibytes(diskBytes[name])} of free disk.`);
  if (network && !network.ok)
    return no(`${name} is not installed and its packages cannot be reached (${network.reason}).`);
  return said("installable", `${name} can be installed with trainer install ${flags}.`);
}

/** Whether the package index that `uv` is set up for answers: a package of no size is resolved, nothing is installed. */
async function packagesReachable(uv: string, signal: AbortSignal): Promise<{ ok: boolean; reason: string }> {
  const scratch = join(tmpdir(), `searchlight-check-${process.pid}`);
  const args = [
    "pip",
    "install",
    "--dry-run",
    "--no-cache",
    "--no-deps",
    "--target",
    scratch,
    "--python-version",
    "3.12",
    "--only-binary",
    ":all:",
    "iniconfig",
  ];
  const { code, stderr } = await runProgram(uv, args, { seconds: 30, signal });
  return { ok: code === 0, reason: code === 0 ? "" : lastLine(stderr) || "no answer within 30 s" };
}

function networkDetail(network: Found["network"], hasUv: boolean): string {
  if (network)
    return network.ok ? "the package index answers" : `the package index does not answer (${network.reason})`;
  return hasUv ? "all are installed" : "not tried without uv";
}

function memoryDetail(): string {
  return `${gibibytes(totalmem())}, ${gibibytes(freemem())} free; a tiny model takes 1.5 GiB, SmolLM2-135M takes 6 GiB`;
}

function freeBytes(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(bytes < 10 * 2 ** 30 ? 1 : 0)} GiB`;
}
