import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ulid } from "ulid";
import { z } from "zod";
import { RunAction } from "../../protocol/run.ts";
import { RecipeUpload, uploadLimits } from "./recipe-upload.ts";
import { type RunHost, RunHostError } from "./run-host.ts";
import { sentHome } from "./run-paths.ts";

/** An idle stream of events says so often that it lives. */
const beatMilliseconds = 10_000;

const Id = z.object({ id: z.string().max(64) });
export const Submission = RecipeUpload.extend({ key: z.string().min(8).max(200), dryRun: z.boolean().default(false) });
export const Which = z.union([
  z.object({ ids: z.array(z.string().max(400)).max(1024) }),
  z.object({ latest: z.int().min(0).max(1024) }),
]);

/** Every method of a run host under `/v1`. A recipe's files are kept under `home`. */
export function addRunRoutes(app: FastifyInstance, host: RunHost, home: string): void {
  app.get("/v1/runs", (_request, reply) => host.list(gone(reply)));
  app.get("/v1/runs/:id", async (request, reply) => {
    const { folder: _, ...details } = await host.details(idOf(request), gone(reply));
    return details;
  });
  app.post("/v1/check", (request, reply) =>
    withUpload(home, read(RecipeUpload, request.body), (file) => host.check(file, gone(reply))),
  );
  app.post("/v1/runs", (request) => {
    const { key, dryRun, ...upload } = read(Submission, request.body);
    // Begun is begun: a caller that goes away asks again with the same key.
    return withUpload(home, upload, (file) => host.launch(file, { key, dryRun }, AbortSignal.timeout(120_000)));
  });
  app.post("/v1/runs/:id/resume", (request) => host.resume(idOf(request), AbortSignal.timeout(120_000)));
  app.post("/v1/runs/:id/act", async (request, reply) => {
    const { action } = read(z.object({ action: RunAction }), request.body);
    await host.act(idOf(request), action, gone(reply));
    return {};
  });
  app.delete("/v1/runs/:id", async (request, reply) => {
    await host.remove(idOf(request), gone(reply));
    return {};
  });
  app.post("/v1/runs/:id/trajectories", (request, reply) =>
    host.trajectories(idOf(request), read(Which, request.body), gone(reply)),
  );
  app.get("/v1/runs/:id/log", (request, reply) => {
    const { lines } = read(z.object({ lines: z.coerce.number().int().min(1).max(10_000) }), request.query);
    return host.log(idOf(request), lines, gone(reply));
  });
  app.get("/v1/runs/:id/adapters/:checkpoint", async (request, reply) => {
    const { checkpoint } = read(z.object({ checkpoint: z.string().max(200) }), request.params);
    const bytes = await host.adapter(idOf(request), checkpoint, gone(reply));
    return reply.type("application/gzip").send(Buffer.from(bytes));
  });
  app.get("/v1/runs/:id/events", (request, reply) => sendEvents(host, request, reply));
}

/** Server-sent events: the id of each is its cursor, so that a client that was cut off asks for those after it. */
async function sendEvents(host: RunHost, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { from } = read(z.object({ from: z.coerce.number().int().min(0).default(0) }), request.query);
  const last = Number(request.headers["last-event-id"] ?? "none");
  const id = idOf(request);
  const signal = gone(reply);
  // An unknown run is answered as such, before the stream begins.
  await host.details(id, signal);
  reply.hijack();
  const { raw } = reply;
  raw.on("error", () => {});
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  raw.flushHeaders();
  const beat = setInterval(() => raw.write(": \n\n"), beatMilliseconds);
  try {
    for await (const event of host.events(id, Number.isInteger(last) ? last + 1 : from, signal)) {
      const whole = raw.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
      if (!whole && !signal.aborted)
        await new Promise<void>((resolve) => {
          raw.once("drain", resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
    }
    if (!signal.aborted) raw.write("event: end\ndata: {}\n\n");
  } finally {
    clearInterval(beat);
    raw.end();
  }
}

/** Writes what was sent to a folder of its own, which goes again unless a run has taken it over. */
async function withUpload<T>(
  home: string,
  { recipe, files }: RecipeUpload,
  use: (file: string) => Promise<T>,
): Promise<T> {
  if (Object.keys(files).length > uploadLimits.files)
    throw new RunHostError("refused", `A recipe comes with ${uploadLimits.files} files at most.`);
  const folder = join(sentHome(home), ulid());
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, "recipe.jsonc");
    writeFileSync(file, recipe);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), Buffer.from(content, "base64"), { flag: "wx" });
    }
    return await use(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof RunHostError || typeof code !== "string") throw error;
    // A folder and a file of one name, or the recipe's own.
    if (["EEXIST", "ENOTDIR", "EISDIR"].includes(code))
      throw new RunHostError(
        "refused",
        "Files that were sent stand in each other's way; give each a name of its own.",
        {
          cause: error,
        },
      );
    throw new RunHostError("disk", "The service could not write what was sent; make room on its disk.", {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function gone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => controller.abort(new RunHostError("unreachable", "The caller went away.")));
  return controller.signal;
}

function idOf(request: FastifyRequest): string {
  return read(Id, request.params).id;
}

function read<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RunHostError("refused", `${issue!.path.map(String).join(".") || "The request"}: ${issue!.message}.`);
}
