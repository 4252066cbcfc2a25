import { createHash, timingSafeEqual } from "node:crypto";
import { type AddressInfo, isIP } from "node:net";
import fastify from "fastify";
import { addRunRoutes } from "./http-routes.ts";
import { uploadLimits } from "./recipe-upload.ts";
import { type RunHost, RunHostError, type RunHostErrorKind } from "./run-host.ts";

export interface RunServiceOptions {
  readonly runs: RunHost;
  /** Folder of the runs. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface RunService {
  readonly url: string;
  /** Ends the service; runs go on. */
  close(): Promise<void>;
}

/** Largest body: a recipe with its files in base64. */
const bodyBytes = Math.ceil((uploadLimits.bytes * 4) / 3) + 2 * 2 ** 20;

const statuses: Record<RunHostErrorKind, number> = {
  "unknown-run": 404,
  damaged: 422,
  unreachable: 502,
  unauthorised: 401,
  busy: 409,
  disk: 507,
  refused: 400,
};

/** Serves the runs of this machine to who sends the token. Rejects with the system's error where it cannot listen. */
export async function openRunService(options: RunServiceOptions): Promise<RunService> {
  const app = fastify({
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    // Slow senders cannot hold a place for ever; a recipe's files over a slow line have this long. Streams of events are answers.
    requestTimeout: 600_000,
    ...(options.tls ? { https: { ...options.tls } } : {}),
  });
  const token = digest(options.token);
  app.addHook("onRequest", async (request, reply) => {
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    // Digests are compared, so that neither length nor content shows in the time it takes.
    if (timingSafeEqual(digest(given), token)) return;
    await reply
      .code(401)
      .header("connection", "close")
      .send({ kind: "unauthorised", message: "The training service wants its token; set it again." });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof RunHostError)
      return reply.code(statuses[error.kind]).send({ kind: error.kind, message: error.message });
    const status = error.statusCode ?? 500;
    if (status >= 500) console.error(error);
    const message =
      status === 413
        ? "What was sent is larger than the training service takes."
        : status < 500
          ? error.message
          : "The training service failed; its own output says why.";
    return reply.code(status).send({ kind: "refused", message });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ kind: "refused", message: "The training service has no such path; it may be of another version." }),
  );
  addRunRoutes(app as unknown as Parameters<typeof addRunRoutes>[0], options.runs, options.home);
  await app.listen({ host: options.host, port: options.port });
  const { address, port } = app.server.address() as AddressInfo;
  const scheme = options.tls ? "https" : "http";
  return {
    url: `${scheme}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`,
    close: () => app.close(),
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
