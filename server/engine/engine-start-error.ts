export type EngineStartErrorKind =
  | "platform" // no engine runs on this system
  | "no-uv"
  | "no-python"
  | "no-gpu" // CUDA was asked for, and the driver shows no GPU, or is too old
  | "install" // the Python packages could not be had
  | "model" // the model folder is none that the engine loads
  | "port"
  | "busy" // another engine runs on the same folder
  | "start" // the engine ended, or was not ready in time
  | "cancelled";

/** The engine could not be set up or started. The message is one sentence: what happened and what to do. */
export class EngineStartError extends Error {
  override readonly name = "EngineStartError";
  readonly kind: EngineStartErrorKind;
  constructor(kind: EngineStartErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
