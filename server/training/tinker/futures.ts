import { z } from "zod";
import { EngineError } from "../engine.ts";
import { type Answer, cancelled, detailOf, EngineStatus, type EngineConnection, pause } from "./connection.ts";

/** What a call that takes time is answered with at once. Servers name the id one way or the other, as text or as a number. */
const Submitted = z.union([
  z.looseObject({ request_id: z.union([z.string(), z.number()]) }),
  z.looseObject({ future_id: z.union([z.string(), z.number()]) }),
]);

export function requestId(answer: unknown, what: string): string {
  const parsed = Submitted.safeParse(answer);
  if (!parsed.success)
    throw new EngineError("bad-response", `The engine gave no id for ${what}; it may be no Tinker server.`);
  return String("request_id" in parsed.data ? parsed.data["request_id"] : parsed.data["future_id"]);
}

/** "Ask again": instead of status 408 some servers say so in the body. */
const TryAgain = z.looseObject({ type: z.literal("try_again") });
/** A failure that some servers report with status 200. */
const Failure = z.looseObject({ error: z.string(), category: z.string().optional() });

export interface FutureOptions {
  /** Seconds that one poll may take; the server holds it until the answer is there. */
  pollSeconds?: number;
  /** Seconds after which an answer is no longer waited for. */
  answerSeconds?: number;
}

/**
 * Waits for the answer to a request. A broken connection is taken up again, because an answer can be fetched any number of times.
 * @throws EngineError: `rejected` or as the engine's words say, `timeout`, `unreachable`, `cancelled`
 */
export async function awaitFuture(
  connection: EngineConnection,
  id: string,
  what: string,
  signal: AbortSignal,
  { pollSeconds = 45, answerSeconds = 3600 }: FutureOptions = {},
): Promise<Answer> {
  const until = performance.now() + answerSeconds * 1000;
  for (let asked = 1; performance.now() < until; asked++) {
    let answer: Answer;
    try {
      answer = await connection.call({
        path: "/api/v1/retrieve_future",
        body: { request_id: id },
        signal,
        seconds: pollSeconds,
        retry: "always",
      });
    } catch (error) {
      if (signal.aborted) throw cancelled(signal);
      if (error instanceof EngineStatus && error.status === 408) continue;
      if (error instanceof EngineError && error.kind === "timeout") continue;
      if (error instanceof EngineStatus && error.status === 404)
        throw new EngineError(
          "lost",
          `The engine no longer knows ${what}; it was restarted. Resume from a checkpoint.`,
        );
      throw error;
    }
    if (answer.kind === "json") {
      if (TryAgain.safeParse(answer.value).success) {
        await pause(Math.min(1000, 50 * asked), signal);
        continue;
      }
      if (Failure.safeParse(answer.value).success)
        throw new EngineError("rejected", `${connection.host} could not do ${what}: ${detailOf(answer.value)}.`);
    }
    return answer;
  }
  throw new EngineError(
    "timeout",
    `${connection.host} has not answered ${what} within ${answerSeconds} s; look at the engine's log.`,
  );
}
