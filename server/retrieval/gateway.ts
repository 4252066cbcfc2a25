import { timingSafeEqual } from "node:crypto";
import { type AddressInfo, isIP } from "node:net";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Hit } from "../../protocol/passage.ts";
import { concurrently } from "./concurrently.ts";
import type { RetrievalError, Retriever } from "./retriever.ts";
import { wireForms } from "./wire/forms.ts";
import type { WireRoute } from "./wire/wire-form.ts";

export interface GatewayOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Asked of every client; without it only this machine's own names are answered. */
  token?: string;
  bodyBytes?: number;
  /** Groups of queries that are searched at the same time, over all requests. */
  groups?: number;
  /** Time for one request. */
  seconds?: number;
}

export interface Gateway {
  /** `http://127.0.0.1:8000`, with the port it got. */
  readonly url: string;
  /** Takes no more requests, lets those under way finish for a while, then cancels them. */
  close(graceSeconds?: number): Promise<void>;
}

const defaults = { bodyBytes: 16 * 2 ** 20, groups: 2, seconds: 120 };

/** Queries that are handed to the retriever at once: small enough that no large batch keeps the others waiting. */
const groupSize = 8;

/**
 * Serves a retriever in every wire form, so that other trainers can search what it searches. A query that fails fails its
 * request: the forms have no place for an error, and an error must not be read as a document. Rejects when the port is taken.
 */
export async function openGateway(retriever: Retriever, options: GatewayOptions): Promise<Gateway> {
  const stopping = new AbortController();
  let closing = false;
  const app = fastify({ bodyLimit: options.bodyBytes ?? defaults.bodyBytes, forceCloseConnections: "idle" });
  const slot = concurrently(options.groups ?? defaults.groups);

  app.addHook("onRequest", async (request, reply) => {
    const refusal = options.token ? wrongToken(request, options.token) : foreignHost(request);
    if (refusal) await reply.code(options.token ? 401 : 403).send({ detail: refusal });
  });
  // A connection that is kept alive would keep the server alive with it.
  app.addHook("onSend", async (_request, reply) => {
    if (closing) reply.header("connection", "close");
  });
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ detail: status < 500 ? error.message : "The search failed." });
  });

  app.get("/health", () => {
    const coverage = retriever.coverage();
    return { status: "healthy", retriever: retriever.id, ...(coverage ? { coverage } : {}) };
  });
  for (const { routes } of wireForms) for (const route of routes) addRoute(route);

  function addRoute(route: WireRoute): void {
    app.post(route.path, async (request, reply) => {
      const read = route.read(request.body);
      if (!read.ok) return reply.code(400).send({ detail: read.reason });
      const limit = AbortSignal.timeout((options.seconds ?? defaults.seconds) * 1000);
      const signal = AbortSignal.any([stopping.signal, limit, gone(reply)]);
      const { queries, k } = read.asked;
      const lists = await searchAll(retriever, queries, k, slot, signal);
      if (Array.isArray(lists)) return route.write(read.asked, lists);
      return reply.code(limit.aborted ? 504 : statusOf(lists)).send({ detail: lists.message });
    });
  }

  await app.listen({ host: options.host, port: options.port });
  return {
    url: addressOf(app),
    async close(graceSeconds = 10) {
      closing = true;
      const cancel = setTimeout(() => stopping.abort(), graceSeconds * 1000);
      const cut = setTimeout(() => app.server.closeAllConnections(), (graceSeconds + 1) * 1000);
      await app.close();
      clearTimeout(cancel);
      clearTimeout(cut);
    },
  };
}

/** Hits per query, or the first failure. Equal queries of a batch are searched once. */
async function searchAll(
  retriever: Retriever,
  queries: readonly string[],
  k: number,
  slot: <T>(work: () => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<Hit[][] | RetrievalError> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const found = new Map<string, Hit[]>();
  let failure: RetrievalError | undefined;
  const searchGroup = async (group: readonly string[]): Promise<void> => {
    if (failure) return;
    const outcomes = await retriever.search(group, k, either);
    for (const [index, query] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) found.set(query, outcome.hits);
      else failure ??= outcome?.error ?? { kind: "bad-response", message: "The retriever gave no answer." };
    }
    if (failure) failed.abort();
  };
  const distinct = [...new Set(queries)];
  const groups = Array.from({ length: Math.ceil(distinct.length / groupSize) }, (_, index) =>
    distinct.slice(index * groupSize, (index + 1) * groupSize),
  );
  await Promise.all(groups.map((group) => slot(() => searchGroup(group))));
  return failure ?? queries.map((query) => found.get(query)!);
}

function statusOf({ kind }: RetrievalError): number {
  if (kind === "limit") return 429;
  if (kind === "timeout") return 504;
  return kind === "bad-response" ? 502 : 503;
}

/** Aborts when the client hangs up before it has its answer. */
function gone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** By header, or as `?token=` for clients that can be given nothing but an address. */
function wrongToken(request: FastifyRequest, token: string): string | undefined {
  const given =
    /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? (request.query as { token?: unknown }).token;
  const equal =
    typeof given === "string" &&
    Buffer.byteLength(given) === Buffer.byteLength(token) &&
    timingSafeEqual(Buffer.from(given), Buffer.from(token));
  return equal
    ? undefined
    : "The token is missing or wrong; send it as Authorization: Bearer, or as ?token= in the address.";
}

/** A page in a browser can reach this machine under a name of its own making; such a name is not answered. */
function foreignHost({ headers }: FastifyRequest): string | undefined {
  const name = (headers.host ?? "").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return name === "localhost" || isIP(name) ? undefined : "This server answers under localhost or its address only.";
}

function addressOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
