import type { Trajectory } from "../../../protocol/trajectory.ts";
import { annotationsPath } from "../../../protocol/annotations.ts";
import { AnnotationFile } from "./annotation-file.ts";
import { subjectOf } from "./subject.ts";

/**
 * A line of a file of notes cannot be read. It may be the one that excludes a trajectory, which must not be trained on because of a
 * damaged disk.
 */
export class UnreadableNotesError extends Error {
  override readonly name = "UnreadableNotesError";
  constructor(path: string, [line]: readonly number[]) {
    super(
      `Line ${line} of ${path} cannot be read and may exclude a trajectory from training; mend or delete that line.`,
    );
  }
}

/**
 * Tells of each trajectory of a file whether a person excluded it from training. Throws `UnreadableNotesError`, and what the file
 * system throws.
 */
export function excludedFrom(file: string): (trajectory: Pick<Trajectory, "id" | "text">) => boolean {
  return excludedBy(new AnnotationFile(annotationsPath(file)));
}

/** The same by notes that were opened already. */
export function excludedBy(annotations: AnnotationFile): (trajectory: Pick<Trajectory, "id" | "text">) => boolean {
  annotations.refresh();
  if (annotations.unreadable.length > 0) throw new UnreadableNotesError(annotations.path, annotations.unreadable);
  const excluded = new Set([...annotations.all].flatMap(([subject, each]) => (each.excluded ? [subject] : [])));
  return excluded.size === 0 ? () => false : (trajectory) => excluded.has(subjectOf(trajectory));
}
