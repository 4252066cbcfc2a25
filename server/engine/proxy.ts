import { timingSafeEqual } from "node:crypto";
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { Transform } from "node:stream";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { Pool } from "undici";
import { requestLimit } from "./proxy-limits.ts";
import { isEngineRoute } from "./proxy-routes.ts";

export interface ProxyOptions {
  /** Origin of the engine: `http://127.0.0.1:8123`. */
  readonly to: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What every client must send, as a bearer token or as `x-api-key`. */
  readonly token: string;
  /** PEM texts; without them the proxy speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly bodyBytes?: number;
  /** Requests a second of one address, and how many of them at once. */
  readonly perSecond?: number;
  readonly burst?: number;
  /** Requests under way at the same time, long polls included. */
  readonly concurrent?: number;
}

export interface EngineProxy {
  readonly url: string;
  /** Cuts what is under way. */
  close(): Promise<void>;
}

const defaults = { bodyBytes: 256 * 2 ** 20, perSecond: 100, burst: 400, concurrent: 512 };

/** The engine answers a long poll within a minute or so; a large checkpoint may start late. */
const answerMilliseconds = 10 * 60_000;

const sentOn = ["accept", "content-type", "content-encoding", "content-length"];
const sentBack = [
  "content-type",
  "content-encoding",
  "content-length",
  "content-disposition",
  "retry-after",
  "expires",
];

/**
 * Stands before an engine that asks nobody who he is: only the protocol's own paths, only with the token, bodies of a bounded size
 * streamed both ways. Rejects when the port is taken.
 */
export async function openProxy(options: ProxyOptions): Promise<EngineProxy> {
  const { bodyBytes, perSecond, burst, concurrent } = { ...defaults, ...options };
  const engine = new Pool(options.to, {
    connections: concurrent,
    headersTimeout: answerMilliseconds,
    bodyTimeout: answerMilliseconds,
    pipelining: 1,
  });
  const app = fastify({
    ...(options.tls ? { https: { ...options.tls, minVersion: "TLSv1.2" as const } } : {}),
    forceCloseConnections: true,
    // Slow senders cannot hold a place for ever; a large batch over a slow line has this long.
    requestTimeout: answerMilliseconds,
  });
  const limit = requestLimit(perSecond, burst);
  const guesses = requestLimit(0.2, 10);
  const token = digest(options.token);
  let underWay = 0;

  // Bodies are passed on as they come, never parsed here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));

  app.addHook("onRequest", async (request, reply) => {
    if (!hasToken(request.headers, token)) {
      const guess = guesses.take(request.ip);
      if (!guess.ok) return refuse(reply, 429, "Too many requests without the right token.", guess.seconds);
      return refuse(reply, 401, "The token is missing or wrong; send it as Authorization: Bearer.");
    }
    const turn = limit.take(request.ip);
    if (!turn.ok) return refuse(reply, 429, "Too many requests a second.", turn.seconds);
    if (!isEngineRoute(request.method, pathOf(request))) return refuse(reply, 404, "The engine has no such path.");
    if (Number(request.headers["content-length"] ?? 0) > bodyBytes) return refuse(reply, 413, tooLarge(bodyBytes));
    if (underWay >= concurrent) return refuse(reply, 429, "Too many requests are under way.", 1);
    underWay++;
    reply.raw.once("close", () => underWay--);
  });
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ detail: error.statusCode ? error.message : "The proxy failed." }),
  );
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: "The engine has no such path." }));
  app.route({ method: ["GET", "POST", "DELETE"], url: "/*", handler: pass });

  async function pass(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const body = request.method === "POST" ? bounded(request, bodyBytes) : null;
    try {
      const answer = await engine.request({
        method: request.method as "GET" | "POST" | "DELETE",
        path: request.url,
        headers: { ...picked(request.headers, sentOn), host: request.headers.host ?? "engine" },
        body,
        signal: gone.signal,
      });
      reply.code(answer.statusCode).headers(picked(answer.headers, sentBack));
      const location = answer.headers["location"];
      if (typeof location === "string") reply.header("location", ownLocation(location, request));
      return await reply.send(answer.body);
    } catch (error) {
      if (error instanceof BodyTooLarge) return refuse(reply, 413, tooLarge(bodyBytes));
      return refuse(reply, 502, "The engine does not answer.");
    }
  }

  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await engine.destroy();
    throw error;
  }
  return {
    url: addressOf(app.server.address() as AddressInfo, options.tls !== undefined),
    async close() {
      await app.close();
      await engine.destroy();
    },
  };
}

class BodyTooLarge extends Error {}

/** The request's body, which fails once it is larger than it may be. */
function bounded(request: FastifyRequest, limit: number): Transform {
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.byteLength;
      if (size > limit) done(new BodyTooLarge());
      else done(null, chunk);
    },
  });
  request.raw.once("error", (error) => counted.destroy(error));
  return request.raw.pipe(counted);
}

/** Digests are compared, so that neither length nor content shows in the time it takes. */
function hasToken(headers: IncomingHttpHeaders, token: Buffer): boolean {
  const key = headers["x-api-key"];
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? (typeof key === "string" ? key : "");
  return timingSafeEqual(digest(given), token);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0]!;
}

/** A redirect that the engine writes names the engine, which the client cannot reach. */
function ownLocation(location: string, request: FastifyRequest): string {
  const { pathname, search } = new URL(location, "http://engine");
  return `${request.protocol}://${request.headers.host}${pathname}${search}`;
}

function picked(headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string | string[]> {
  const found = names.map((name) => [name, headers[name]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as Record<string, string | string[]>;
}

function refuse(reply: FastifyReply, status: number, detail: string, retryAfter?: number): FastifyReply {
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  // What is still to come of the body is not read.
  return reply.code(status).header("connection", "close").send({ detail });
}

function tooLarge(limit: number): string {
  return `The body is larger than ${Math.floor(limit / 2 ** 20)} MiB; send fewer sequences at once.`;
}

function addressOf({ address, port }: AddressInfo, secure: boolean): string {
  return `${secure ? "https" : "http"}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}
