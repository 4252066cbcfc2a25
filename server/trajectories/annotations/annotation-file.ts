import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { monotonicFactory } from "ulid";
import { z } from "zod";
import { AnnotationChange, type Annotations, afterChange, noAnnotations } from "../../../protocol/annotations.ts";

/** More is no file of notes. */
const byteLimit = 64 * 1024 * 1024;

/** One line of the file. */
const Entry = z.object({
  version: z.literal(1),
  /** ULID; also the id of a note that the line writes. */
  id: z.string().max(40),
  at: z.iso.datetime(),
  subject: z.string().max(200),
  change: AnnotationChange,
});

const nextId = monotonicFactory();

/**
 * What people say of the trajectories of one file, kept as the changes in their order. A change is one line that is added at the end, so
 * that several windows may write; a line that cannot be read takes no other with it.
 */
export class AnnotationFile {
  /** Counts up whenever what is said may have changed. */
  version = 0;
  /** 1-based lines that say nothing that can be read: cut off, damaged, or of a later version. */
  unreadable: readonly number[] = [];
  readonly #path: string;
  #known = new Map<string, Annotations>();
  #looked = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads what others wrote since. A file that is not there says nothing; one that cannot be read throws the system's error. */
  refresh(): void {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    const looked = stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : "";
    if (looked === this.#looked) return;
    if (stat && stat.size > byteLimit) throw new Error(`${this.#path} is too long for a file of notes; move it away.`);
    const { known, unreadable } = annotationsIn(stat ? readFileSync(this.#path, "utf8") : "");
    this.#known = known;
    this.unreadable = unreadable;
    this.#looked = looked;
    this.version += 1;
  }

  get path(): string {
    return this.#path;
  }

  of(subject: string): Annotations {
    return this.#known.get(subject) ?? noAnnotations;
  }

  /** What is said of every trajectory that something is said of, by subject. */
  get all(): ReadonlyMap<string, Annotations> {
    return this.#known;
  }

  /** Adds a change; it is on disk when this returns. Throws the system's error where it cannot be. */
  add(subject: string, change: AnnotationChange): Annotations {
    const entry = { version: 1, id: nextId(), at: new Date().toISOString(), subject, change };
    appendLine(this.#path, JSON.stringify(Entry.parse(entry)));
    this.refresh();
    return this.of(subject);
  }
}

/** What is said of the trajectories of a folder's store, by the folder's `trajectoriesHome`. */
export function storeAnnotations(trajectoriesHome: string): AnnotationFile {
  return new AnnotationFile(join(trajectoriesHome, "notes.jsonl"));
}

/** Folds the changes of a file, in their order. Lines that are none, or of a later version, are left out and counted from 1. */
export function annotationsIn(text: string): { known: Map<string, Annotations>; unreadable: number[] } {
  const known = new Map<string, Annotations>();
  const unreadable: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const entry = parsed(line);
    if (!entry) {
      unreadable.push(index + 1);
      continue;
    }
    const { subject, change, id, at } = entry;
    known.set(subject, afterChange(known.get(subject) ?? noAnnotations, change, { id, at }));
  }
  return { known, unreadable };
}

function parsed(line: string): z.infer<typeof Entry> | undefined {
  try {
    return Entry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/**
 * Adds a line to a file in one write, which systems do not mix with those of others, and after a line feed where whoever wrote before
 * left a line without. Durable when it returns.
 */
export function appendLine(path: string, line: string): void {
  const descriptor = openSync(path, "a+");
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    const torn = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 10;
    const bytes = Buffer.from(`${torn ? "\n" : ""}${line}\n`, "utf8");
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
