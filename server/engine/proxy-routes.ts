/** A path segment that names a model, a checkpoint or a sampler: no dots alone, no slashes. */
const name = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

const routes: readonly (readonly [method: string, path: RegExp])[] = [
  ...["healthz", "get_server_capabilities", "training_runs"].map(
    (path) => ["GET", exactly(`/api/v1/${path}`)] as const,
  ),
  ...[
    "client/config",
    "create_session",
    "session_heartbeat",
    "create_sampling_session",
    "create_model",
    "unload_model",
    "get_info",
    "forward",
    "forward_backward",
    "optim_step",
    "load_weights",
    "save_weights",
    "save_weights_for_sampler",
    "asample",
    "retrieve_future",
    "weights_info",
    "telemetry",
  ].map((path) => ["POST", exactly(`/api/v1/${path}`)] as const),
  ["GET", exactly(`/api/v1/samplers/${name}`)],
  ["GET", exactly(`/api/v1/models/${name}/checkpoints`)],
  ["GET", exactly(`/api/v1/training_runs/${name}`)],
  ["GET", exactly(`/api/v1/training_runs/${name}/checkpoints`)],
  ["GET", exactly(`/api/v1/training_runs/${name}/checkpoints/${name}/(?:archive|download)`)],
  ["DELETE", exactly(`/api/v1/training_runs/${name}/checkpoints/(?:(?:weights|sampler_weights)/)?${name}`)],
  ["GET", exactly("/openapi.json")],
];

/** Whether a request is one of the Tinker protocol; the path without its query. Profiling and whatever else a server has is not. */
export function isEngineRoute(method: string, path: string): boolean {
  return routes.some(([allowed, pattern]) => allowed === method && pattern.test(path));
}

function exactly(path: string): RegExp {
  return new RegExp(`^${path}$`);
}
