import type { Trajectory } from "../../../protocol/trajectory.ts";
import { annotationsPath } from "../../../protocol/annotations.ts";
import { AnnotationFile } from "./annotation-file.ts";
import { subjectOf } from "./subject.ts";

/** Tells of each trajectory of a file whether a person excluded it from training. Throws what reading the notes beside the file throws. */
export function excludedFrom(file: string): (trajectory: Pick<Trajectory, "id" | "text">) => boolean {
  return excludedBy(new AnnotationFile(annotationsPath(file)));
}

/** The same by notes that were opened already. */
export function excludedBy(annotations: AnnotationFile): (trajectory: Pick<Trajectory, "id" | "text">) => boolean {
  annotations.refresh();
  const excluded = new Set([...annotations.all].flatMap(([subject, each]) => (each.excluded ? [subject] : [])));
  return excluded.size === 0 ? () => false : (trajectory) => excluded.has(subjectOf(trajectory));
}
