import type { Connection } from "vscode-languageserver";
import { toClient } from "../protocol/server-messages.ts";
import { HttpRunHost } from "./runs/http-host.ts";
import { type EngineToken, tokenOfEnvironment } from "./runs/engine-token.ts";
import { RunHostError } from "./runs/run-host.ts";
import type { Session } from "./session.ts";
import { WindowRuns } from "./window-runs.ts";
import { tell } from "./wire.ts";

/** The editor's key for the address of an engine, else what the environment has. */
export function engineToken(key: (endpoint: string) => Promise<string | undefined>): EngineToken {
  return async (url) => (await key(url)) ?? tokenOfEnvironment(url);
}

/** The training runs of one window: this machine's, and those of the service that its settings name. */
export function windowRuns(
  connection: Connection,
  session: Session,
  key: (endpoint: string) => Promise<string | undefined>,
  onFault: (where: string, error: unknown) => void,
): WindowRuns {
  return new WindowRuns({
    // The room of runs is large, and most windows look at none.
    local: async () => (await import("./local-runs.ts")).openLocalRuns(engineToken(key)),
    service: session.trusted ? session.settings["training.service"] : "",
    openService: async (url) => {
      const token = (await key(url)) ?? process.env["SEARCHLIGHT_TOKEN"];
      if (!token)
        throw new RunHostError(
          "unauthorised",
          `There is no token for the training service ${url}; run “Searchlight: Attach to Training Service…”.`,
        );
      const { proxy } = session.settings;
      return new HttpRunHost({ url, token, ...(proxy ? { proxy } : {}) });
    },
    onList: (list) => tell(connection, toClient.runsChanged, list),
    onEvents: (run, events) => tell(connection, toClient.runEvents, { ...run, events }),
    onFault,
  });
}
