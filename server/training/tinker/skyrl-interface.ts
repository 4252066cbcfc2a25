/** The interface of SkyRL's server as its OpenAPI document tells it, apart from what it takes and answers. */
export interface SkyrlInterface {
  /** `info.version`: the same in every release so far. */
  readonly version: string;
  /** Methods, in small letters, by path. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
}

export type SkyrlReading =
  | { readonly kind: "known"; readonly version: "0.3" | "0.4" }
  /** It offers every call that Searchlight makes, and is no release that was read: spoken to as the nearest one. */
  | { readonly kind: "untried"; readonly version: "0.3" | "0.4"; readonly differs: string }
  | { readonly kind: "unusable"; readonly why: string };

/** What every release is described as. */
const described = "0.0.1";

const checkpoints = "training_runs/{unique_id}/checkpoints";

/** Calls that Searchlight makes of each release. */
const made = [
  "post create_session",
  "post session_heartbeat",
  "post create_model",
  "post unload_model",
  "post forward_backward",
  "post optim_step",
  "post load_weights",
  "post save_weights",
  "post save_weights_for_sampler",
  "post asample",
  "get get_server_capabilities",
  "post retrieve_future",
  `get ${checkpoints}/{checkpoint_id}/archive`,
];

/** Calls of both releases that Searchlight does not make. */
const others = [
  "post client/config",
  "get healthz",
  "post create_sampling_session",
  "get samplers/{sampler_id}",
  "post get_info",
  "get training_runs",
  "get training_runs/{model_id}",
  "post telemetry",
  `get ${checkpoints}`,
  `get ${checkpoints}/{checkpoint_id}/download`,
  "get models/{unique_id}/checkpoints",
  "post weights_info",
];

const needed = {
  "0.3": [...made, "post forward"],
  "0.4": [...made, `delete ${checkpoints}/{checkpoint_path}`],
} as const;

/**
 * Which release of SkyRL an interface is of. Releases do not tell their number, so they are told apart by their calls, as read in the packages
 * 0.1.0 to 0.4.0: forward passes have an address of their own up to 0.3, clients ask for a configuration from 0.3 on, checkpoints can be
 * deleted from 0.4 on.
 */
export function readSkyrlInterface({ version: said, paths }: SkyrlInterface): SkyrlReading {
  const calls = new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      path.startsWith("/api/v1/") ? methods.map((method) => `${method} ${path.slice("/api/v1/".length)}`) : [],
    ),
  );
  const version = calls.has("post forward") ? "0.3" : "0.4";
  if (version === "0.3" && !calls.has("post client/config"))
    return { kind: "unusable", why: "is a SkyRL of before 0.3" };
  const missing = needed[version].filter((call) => !calls.has(call));
  if (missing.length > 0)
    return {
      kind: "unusable",
      why: `is a SkyRL of a version that is not known: it has no ${missing[0]!.split(" ")[1]}`,
    };
  const read = new Set<string>([...needed[version], ...others]);
  const differences = [
    ...(said === described ? [] : [`it calls itself ${said.slice(0, 40)}`]),
    ...[...calls].filter((call) => !read.has(call)).map((call) => `it has ${call.split(" ")[1]!.slice(0, 60)}`),
    ...[...read].filter((call) => !calls.has(call)).map((call) => `it has no ${call.split(" ")[1]}`),
  ];
  if (differences.length === 0) return { kind: "known", version };
  return { kind: "untried", version, differs: differences.slice(0, 2).join(", ") };
}
