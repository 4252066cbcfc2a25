import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { RunAction } from "../../protocol/run.ts";
import { onLines } from "./socket-lines.ts";

/** One line of JSON that a client sends; `follow` is answered by a line for every event that is written from then on. */
export const ControlRequest = z.object({
  token: z.string().max(200),
  ask: z.union([RunAction, z.enum(["ping", "follow"])]),
});
export type ControlRequest = z.infer<typeof ControlRequest>;

/** Answers, one line each: that it was done, or why not; and for followers the cursor after the last event. */
export const ControlAnswer = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), message: z.string() }),
  z.object({ cursor: z.int().min(0) }),
]);
export type ControlAnswer = z.infer<typeof ControlAnswer>;

export interface ControlChannel {
  /** Path of the socket, or name of the pipe. */
  readonly address: string;
  readonly token: string;
  /** Tells everybody who follows. */
  wrote(cursor: number): void;
  close(): Promise<void>;
}

export const longestLine = 4096;

/** Listens where only this person's processes can reach it, and answers only who knows the token in the run's folder. */
export async function openControlChannel(
  act: (ask: RunAction) => string | undefined,
  cursor: () => number,
): Promise<ControlChannel> {
  const address = freshAddress();
  const token = randomBytes(24).toString("base64url");
  const followers = new Set<Socket>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      followers.delete(socket);
    });
    onLines(socket, longestLine, (line) => {
      const request = readRequest(line);
      if (!request || !same(request.token, token)) {
        socket.end(`${JSON.stringify({ ok: false, message: "The request has not the run's token." })}\n`);
        return;
      }
      if (request.ask === "follow") {
        followers.add(socket);
        send(socket, { cursor: cursor() });
        return;
      }
      const refusal = request.ask === "ping" ? undefined : act(request.ask);
      send(socket, refusal === undefined ? { ok: true } : { ok: false, message: refusal });
    });
  });
  await listen(server, address);
  // Where no more files can be opened a connection is not taken; the run goes on, and who asked asks again.
  server.on("error", () => {});
  return {
    address,
    token,
    wrote(at) {
      for (const socket of followers) {
        // Who does not read misses nothing: the file has it all.
        if (socket.writableLength < 65_536) send(socket, { cursor: at });
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      if (process.platform !== "win32") rmSync(address, { force: true });
    },
  };
}

/** Paths of sockets may be some 100 bytes long, so they are not in the run's folder. */
function freshAddress(): string {
  const name = randomBytes(9).toString("hex");
  if (process.platform === "win32") return `\\\\.\\pipe\\searchlight-run-${name}`;
  const { uid } = userInfo();
  const folder = join(tmpdir().length > 60 ? "/tmp" : tmpdir(), `searchlight-runs-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid) throw new Error(`${folder} belongs to somebody else; remove it.`);
  chmodSync(folder, 0o700);
  return join(folder, `${name}.sock`);
}

async function listen(server: Server, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, resolve);
  });
  if (process.platform !== "win32") chmodSync(address, 0o600);
}

function send(socket: Socket, answer: ControlAnswer): void {
  socket.write(`${JSON.stringify(answer)}\n`);
}

function readRequest(line: string): ControlRequest | undefined {
  try {
    return ControlRequest.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Digests are compared, so that neither length nor content shows in the time it takes. */
function same(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
