import { z } from "zod";

/** A stretch of a trajectory's text, in UTF-16 code units. */
export const NotedSpan = z.object({ start: z.int().min(0), end: z.int().min(0) });
export type NotedSpan = z.infer<typeof NotedSpan>;

export const Tag = z.string().trim().min(1).max(60);

/** One thing that a person said of a trajectory, or took back. */
export const AnnotationChange = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("tag"), tag: Tag, on: z.boolean() }),
  z.object({
    kind: z.literal("note"),
    /** The note that is changed; absent for one that is written. */
    note: z.string().max(40).optional(),
    /** Empty takes the note away. */
    text: z.string().max(10_000),
    /** What it is about; absent for the whole trajectory. */
    span: NotedSpan.optional(),
  }),
  /** Whether training leaves the trajectory out. */
  z.object({ kind: z.literal("exclude"), on: z.boolean() }),
]);
export type AnnotationChange = z.infer<typeof AnnotationChange>;

export const Note = z.object({
  id: z.string(),
  text: z.string(),
  span: NotedSpan.optional(),
  /** When it was written or last changed. */
  at: z.iso.datetime(),
});
export type Note = z.infer<typeof Note>;

/** What people said of a trajectory. */
export const Annotations = z.object({
  /** In the order of the alphabet. */
  tags: z.array(z.string()),
  excluded: z.boolean(),
  /** In the order in which they were written. */
  notes: z.array(Note),
});
export type Annotations = z.infer<typeof Annotations>;

export const noAnnotations: Annotations = { tags: [], excluded: false, notes: [] };

/** The file of what is said of the trajectories of a file: it stands beside it. */
export function annotationsPath(trajectories: string): string {
  return `${trajectories}.notes.jsonl`;
}

/** Annotations after a change; a note that is written takes `id`. */
export function afterChange(
  before: Annotations,
  change: AnnotationChange,
  { id, at }: { id: string; at: string },
): Annotations {
  switch (change.kind) {
    case "tag": {
      const others = before.tags.filter((tag) => tag !== change.tag);
      return { ...before, tags: change.on ? [...others, change.tag].sort() : others };
    }
    case "exclude":
      return { ...before, excluded: change.on };
    case "note": {
      const { note = id, text, span } = change;
      const written: Note = { id: note, text, ...(span ? { span } : {}), at };
      const known = before.notes.some((each) => each.id === note);
      if (text.trim() === "") return { ...before, notes: before.notes.filter((each) => each.id !== note) };
      const notes = known
        ? before.notes.map((each) => (each.id === note ? { ...each, ...written } : each))
        : [...before.notes, written];
      return { ...before, notes };
    }
  }
}
