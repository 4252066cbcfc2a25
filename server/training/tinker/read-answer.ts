import type { z } from "zod";
import { EngineError } from "../engine.ts";
import type { Answer } from "./connection.ts";

/**
 * What an engine answered, as JSON of a form that is expected.
 * @param what names the call in the sentence of a failure
 * @throws EngineError of kind "bad-response"
 */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
  const parsed = schema.safeParse(answer.kind === "json" ? answer.value : undefined);
  if (parsed.success) return parsed.data;
  throw new EngineError("bad-response", `The engine's answer to ${what} cannot be read; its version may be another.`, {
    cause: parsed.error,
  });
}
