import { join } from "node:path";
import { EngineStartError } from "../engine/engine-start-error.ts";
import { type Backend, type Device, backends, devices, neverRun } from "../engine/trainer-project.ts";
import { dataHome } from "../home.ts";
import { CommandError, exitCodes, note } from "./output.ts";

/** Where `trainer start` keeps the engine's files unless told otherwise. */
export function usualEngineHome(): string {
  return join(dataHome(), "engine");
}

export function readBackend(text: string): Backend {
  const backend = backends.find((name) => name === text);
  if (!backend) throw new CommandError(`--backend takes ${backends.join(", ")}.`, exitCodes.usage);
  return backend;
}

/** Says of a backend that was never run that it was not. */
export function tellNeverRun(backend: Backend): void {
  const never = neverRun(backend);
  if (never !== undefined) note(`${never}.`);
}

export function readDevice(text: string): Device {
  const device = devices.find((name) => name === text);
  if (!device) throw new CommandError(`--device takes ${devices.join(", ")}.`, exitCodes.usage);
  return device;
}

export function readCount(option: string, text: string, least: number, most = 2 ** 31 - 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new CommandError(`${option} takes a whole number from ${least} to ${most}.`, exitCodes.usage);
  return value;
}

/** What the terminal says of a failure to set up or start the engine; everything else is passed on. */
export function asCommandError(error: unknown): unknown {
  if (!(error instanceof EngineStartError)) return error;
  return new CommandError(error.message, error.kind === "cancelled" ? exitCodes.interrupted : exitCodes.failed, {
    cause: error,
  });
}
