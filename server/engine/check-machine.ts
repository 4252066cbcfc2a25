import { mkdirSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { cacheHome } from "../home.ts";
import { installedEnvironment } from "./environment.ts";
import { findPython } from "./find-python.ts";
import { findUv } from "./find-uv.ts";
import { lastLine, runProgram } from "./run-program.ts";
import { type Backend, backends } from "./trainer-project.ts";

/** One fact about this machine. `ok` undefined: it decides nothing by itself. */
export interface MachineFact {
  readonly name: string;
  readonly ok?: boolean;
  readonly detail: string;
}

/** Whether a backend can run here, in one sentence. */
export interface BackendVerdict {
  readonly backend: Backend;
  readonly state: "installed" | "installable" | "not-here";
  readonly detail: string;
}

export interface Gpu {
  readonly name: string;
  readonly mebibytes: number;
  readonly driver: string;
}

export interface MachineReport {
  readonly facts: readonly MachineFact[];
  readonly gpus: readonly Gpu[];
  readonly backends: readonly BackendVerdict[];
}

/** What an installation of the jax engine takes on the disk, download and packages. */
const jaxDiskBytes = 2 * 2 ** 30;
const gpuDiskBytes = 60 * 2 ** 30;
/** Driver that CUDA 13 asks for, which the fsdp and megatron packages are built for. */
const oldestDriver = 580;

/** Looks at what an engine needs, without installing anything. */
export async function checkMachine(signal: AbortSignal, env = process.env): Promise<MachineReport> {
  const [uv, python, gpus] = await Promise.all([
    findUv(env, cacheHome(), signal),
    findPython(env, undefined, signal),
    findGpus(signal),
  ]);
  const installed = backends.filter((backend) => installedEnvironment(backend) !== undefined);
  const network = uv && installed.length < backends.length ? await packagesReachable(uv.path, signal) : undefined;
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
      ok: installed.includes("jax") || free >= jaxDiskBytes,
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
  return { facts, gpus, backends: backends.map((backend) => verdict(backend, { installed, network, free, gpus })) };
}

interface Found {
  installed: readonly Backend[];
  network: { ok: boolean; reason: string } | undefined;
  free: number;
  gpus: readonly Gpu[];
}

function verdict(backend: Backend, { installed, network, free, gpus }: Found): BackendVerdict {
  const no = (detail: string): BackendVerdict => ({ backend, state: "not-here", detail });
  if (process.platform === "win32") return no("The engine does not run on Windows itself.");
  if (backend !== "jax") {
    if (process.platform !== "linux") return no(`${backend} runs on Linux only.`);
    if (gpus.length === 0)
      return no(
        `${backend} needs NVIDIA GPUs, and nvidia-smi shows none; use trainer serve-remote with a machine that has some.`,
      );
    const old = gpus.find(({ driver }) => Number.parseInt(driver, 10) < oldestDriver);
    if (old) return no(`${backend} needs the driver ${oldestDriver} or later, and ${old.name} has ${old.driver}.`);
  }
  if (installed.includes(backend)) return { backend, state: "installed", detail: `${backend} is installed.` };
  if (free < (backend === "jax" ? jaxDiskBytes : gpuDiskBytes))
    return no(`${backend} needs ${gibibytes(backend === "jax" ? jaxDiskBytes : gpuDiskBytes)} of free disk.`);
  if (network && !network.ok)
    return no(`${backend} is not installed and its packages cannot be reached (${network.reason}).`);
  return {
    backend,
    state: "installable",
    detail: `${backend} can be installed with trainer install --backend ${backend}.`,
  };
}

/** GPUs as the driver's own tool lists them; none where it does not run. */
export async function findGpus(signal?: AbortSignal): Promise<Gpu[]> {
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"];
  const { code, stdout } = await runProgram("nvidia-smi", query, { seconds: 20, ...(signal ? { signal } : {}) });
  if (code !== 0) return [];
  return stdout
    .split("\n")
    .map((line) => line.split(",").map((part) => part.trim()))
    .filter((parts) => parts.length === 3 && Number.isFinite(Number(parts[1])))
    .map(([name = "", mebibytes, driver = ""]) => ({ name, mebibytes: Number(mebibytes), driver }));
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
