import { createHash } from "node:crypto";

export type Half = "tuning" | "reporting";

/** The half that a question is in, by a hash of its id: weights of search are chosen on one, and what they find is told of the other. */
export function halfOf(id: string): Half {
  return createHash("sha256").update(id).digest()[0]! % 2 === 0 ? "tuning" : "reporting";
}
