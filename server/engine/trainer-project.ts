import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheHome } from "../home.ts";

export const backends = ["jax", "fsdp", "megatron"] as const;
/** What computes inside the engine. */
export type Backend = (typeof backends)[number];

export const devices = ["cpu", "cuda"] as const;
/** What the jax backend computes on: the processor, or NVIDIA GPUs. The other backends know GPUs only. */
export type Device = (typeof devices)[number];

/** What is to be said of a backend that was never run with this program; undefined of one that was. */
export function neverRun(backend: Backend): string | undefined {
  if (backend === "jax") return undefined;
  return `${backend} was never run with Searchlight: all that is known is that SkyRL's own classes accept its configuration`;
}

/** The Python project of a backend, as a copy in the cache that `uv` may write into. */
export interface TrainerProject {
  /** Folder with the pyproject.toml and the lock. */
  readonly folder: string;
  /** Folder of the installed packages. */
  readonly environment: string;
  /** Folder of the modules that stand in for packages the backend does not need; undefined where it needs them all. */
  readonly shims: string | undefined;
  /** Folder of the module that ends the engine with its starter. */
  readonly leash: string;
  /** The program that settles what an engine left in its database. */
  readonly settle: string;
  /** Where compiled programs are kept; they belong to the packages' versions. */
  readonly compiled: string;
}

/** The program's own `trainer/` folder: beside the bundle's folder, or at the root of the sources. */
export function trainerFolder(): string {
  const here = import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname;
  for (const up of ["..", join("..", "..")]) {
    const folder = join(here, up, "trainer");
    if (existsSync(join(folder, "jax", "pyproject.toml"))) return folder;
  }
  throw new Error("The program's folder trainer/ is missing; install Searchlight again.");
}

/** Copies the backend's project into the cache, under the hash of its content, where it is not there yet. */
export function placeProject(
  backend: Backend,
  device: Device,
  source = trainerFolder(),
  cache = cacheHome(),
): TrainerProject {
  const root = join(cache, "engine", `trainer-${trainerHash(source)}`);
  if (!existsSync(root)) {
    mkdirSync(dirname(root), { recursive: true });
    const scratch = `${root}.${process.pid}`;
    cpSync(source, scratch, { recursive: true });
    try {
      renameSync(scratch, root);
    } catch (error) {
      // Another process was quicker with the same copy.
      rmSync(scratch, { recursive: true, force: true });
      if (!existsSync(root)) throw error;
    }
  }
  return projectIn(root, backend, device);
}

/** The parts of a copy of `trainer/`. The GPU backends are a checkout of SkyRL's own project beside it. */
export function projectIn(root: string, backend: Backend, device: Device): TrainerProject {
  const jax = backend === "jax";
  // Their packages exclude each other, so each has a checkout of its own.
  const folder = join(root, jax ? "jax" : `skyrl-${backend}`);
  return {
    folder,
    // Whoever trains on the processor is spared the gigabytes of CUDA's libraries.
    environment: join(folder, jax && device === "cuda" ? ".venv-cuda" : ".venv"),
    shims: jax ? join(root, "shims") : undefined,
    leash: join(root, "leash"),
    settle: join(root, "settle_requests.py"),
    compiled: join(root, "compiled"),
  };
}

/** Names the content of `trainer/`. */
export function trainerHash(folder: string): string {
  const hash = createHash("sha256");
  for (const file of filesUnder(folder)) {
    const bytes = readFileSync(join(folder, file));
    hash.update(`${file}\0${bytes.byteLength}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 12);
}

/** Relative paths with `/`, sorted, of what the engine uses; neither what Python leaves beside its sources nor what is for readers. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:py|toml)$/.test(entry.name) && !entry.parentPath.includes("__pycache__"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .toSorted();
}
