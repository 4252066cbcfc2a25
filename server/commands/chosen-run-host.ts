import { openLocalRuns } from "../local-runs.ts";
import { HttpRunHost } from "../runs/http-host.ts";
import { type RunHost, RunHostError } from "../runs/run-host.ts";
import { CommandError, exitCodes } from "./output.ts";

/** The environment variable with the token of `searchlight serve`, for the service and for who asks it. */
export const serviceTokenName = "SEARCHLIGHT_TOKEN";

/** The runs of this machine, or of the service at an address. */
export function chosenRunHost(on: string | undefined): RunHost {
  if (on === undefined) return openLocalRuns();
  const token = process.env[serviceTokenName];
  if (!token)
    throw new CommandError(`Set ${serviceTokenName} to the token that searchlight serve wants.`, exitCodes.usage);
  try {
    return new HttpRunHost({ url: on, token });
  } catch (error) {
    throw asRunFailure(error);
  }
}

/** What the terminal says of a failure of a run host; everything else is passed on. */
export function asRunFailure(error: unknown): unknown {
  return error instanceof RunHostError ? new CommandError(error.message, exitCodes.failed, { cause: error }) : error;
}
