import type { EngineCapabilities } from "../engine.ts";

/** What is the same for all installations of an engine in one version; the rest is asked or told. */
export interface Dialect extends Pick<
  EngineCapabilities,
  | "wire"
  | "reduction"
  | "promptLogprobsOffset"
  | "baseSampling"
  | "fullTuning"
  | "fillsBatches"
  | "stopStringsEarly"
  | "fixedAdam"
  | "idempotent"
> {
  readonly engine: string;
  /** Versions that it holds for, as `matches` of the server's own description. */
  readonly version: string;
  /** Whether forward passes have an address of their own. */
  readonly forwardPath: boolean;
  /** A sentence where the server is of a version that was not tried. */
  readonly untried?: string;
}

/** Backends of SkyRL; a server does not say which one it runs. */
export type SkyrlBackend = "jax" | "fsdp" | "megatron";

const jax = {
  engine: "skyrl-jax",
  reduction: "sequence-mean",
  promptLogprobsOffset: 0,
  baseSampling: true,
  fullTuning: false,
  fillsBatches: true,
  stopStringsEarly: false,
  fixedAdam: false,
} as const;

const gpu = {
  reduction: "token-sum",
  promptLogprobsOffset: 1,
  // Only where samplers and trainers have GPUs of their own.
  baseSampling: false,
  fullTuning: true,
  fillsBatches: false,
  stopStringsEarly: true,
  fixedAdam: true,
} as const;

const v04 = { version: "0.4", wire: "proto", forwardPath: false, idempotent: true } as const;
const v03 = { version: "0.3", wire: "json", forwardPath: true, idempotent: false } as const;

/**
 * SkyRL's Tinker server by backend, read and tried in 0.4.0 and 0.3.0 (jax) or read only (fsdp, megatron). `skyrl-interface.ts`
 * tells them apart.
 */
export const skyrlDialects: Record<SkyrlBackend, { readonly "0.3": Dialect; readonly "0.4": Dialect }> = {
  jax: { "0.3": { ...jax, ...v03 }, "0.4": { ...jax, ...v04 } },
  fsdp: { "0.3": { ...gpu, engine: "skyrl-fsdp", ...v03 }, "0.4": { ...gpu, engine: "skyrl-fsdp", ...v04 } },
  megatron: {
    "0.3": { ...gpu, engine: "skyrl-megatron", ...v03 },
    "0.4": { ...gpu, engine: "skyrl-megatron", ...v04 },
  },
};

/** What the protocol's own documents promise, for servers that are not known by name: token sums, a leading null, no repeats known. */
export function otherDialect(wire: "proto" | "json", forwardPath: boolean): Dialect {
  return {
    engine: "tinker",
    version: "unknown",
    wire,
    forwardPath,
    reduction: "token-sum",
    promptLogprobsOffset: 1,
    baseSampling: true,
    fullTuning: false,
    fillsBatches: false,
    stopStringsEarly: true,
    fixedAdam: false,
    idempotent: false,
  };
}
