import { createHash } from "node:crypto";
import type { Trajectory } from "../../../protocol/trajectory.ts";

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const idLength = 100;

/**
 * Names a trajectory for what is said of it. A ULID is of one trajectory alone; other programs give the id of a question or of a line,
 * so there the text counts as well.
 */
export function subjectOf({ id, text }: Pick<Trajectory, "id" | "text">): string {
  if (ulid.test(id)) return id;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return `${id.slice(0, idLength)}#${hash}`;
}
