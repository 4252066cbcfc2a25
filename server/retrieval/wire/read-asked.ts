import type { z } from "zod";
import type { Asked, ReadRequest } from "./wire-form.ts";

/** A request's body by its schema; the reason names the field that is wrong. */
export function readAsked<T>(schema: z.ZodType<T>, body: unknown, asked: (request: T) => Asked): ReadRequest {
  const parsed = schema.safeParse(body);
  if (parsed.success) return { ok: true, asked: asked(parsed.data) };
  const issue = parsed.error.issues[0]!;
  const field = issue.path.map(String).join(".") || "the body";
  return { ok: false, reason: `${field}: ${issue.message}` };
}
