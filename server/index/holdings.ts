import { setImmediate } from "node:timers/promises";
import type { SkippedFile } from "../../protocol/index-status.ts";
import { HashMap, HashQueue } from "./many-hashes.ts";
import type { ManifestFile } from "./manifest.ts";

/** Some ten milliseconds of work. */
const passagesAtOnce = 5_000;

/** What changes in the files that an index holds. */
export interface HeldChange {
  set: ReadonlyMap<string, ManifestFile>;
  gone: readonly string[];
}

/**
 * What an index holds, in memory: its files, which passages share an embedded text, and which texts have a vector. Counts are kept along, since
 * the state is told at every commit and a large index has many passages.
 */
export class Holdings {
  #files = new Map<string, ManifestFile>();
  /** Nearly every text is in one passage, and a list for each would be most of what an index takes in memory. */
  #byHash = new HashMap<string | string[]>();
  /** Texts without a vector: looking for them among all would hold the event loop at every saved file of a large index. */
  #missing = new HashQueue();
  #vectors = new Set<string>();
  #unused = new Set<string>();
  #readFiles = 0;
  #total = 0;
  #done = 0;
  skipped: readonly SkippedFile[] = [];
  updatedAt: string | undefined;

  get files(): ReadonlyMap<string, ManifestFile> {
    return this.#files;
  }

  /** Files that were read; one that is skipped for good is held without a hash. */
  get readFiles(): number {
    return this.#readFiles;
  }

  /** What an index holds, by its files and the texts that have a vector. Made with pauses for whoever else waits, since a large index has many. */
  static async of(files: ReadonlyMap<string, ManifestFile>, vectors: Set<string>): Promise<Holdings> {
    const made = new Holdings();
    made.#vectors = vectors;
    let passages = 0;
    for (const [path, file] of files) {
      made.#add(path, file);
      passages += file.ids.length;
      if (passages < passagesAtOnce) continue;
      passages = 0;
      await setImmediate();
    }
    let seen = 0;
    for (const hash of vectors) {
      if (!made.#byHash.has(hash)) made.#unused.add(hash);
      if (++seen % passagesAtOnce === 0) await setImmediate();
    }
    return made;
  }

  /** Holds what the other does and nothing of what was held before, at one go: a search meanwhile sees the one or the other. */
  become(other: Holdings): void {
    this.#files = other.#files;
    this.#byHash = other.#byHash;
    this.#missing = other.#missing;
    this.#vectors = other.#vectors;
    this.#unused = other.#unused;
    this.#readFiles = other.#readFiles;
    this.#total = other.#total;
    this.#done = other.#done;
  }

  apply({ set, gone }: HeldChange): void {
    for (const path of gone) this.#remove(path);
    for (const [path, file] of set) {
      this.#remove(path);
      this.#add(path, file);
    }
  }

  addVectors(hashes: readonly string[]): void {
    for (const hash of hashes) {
      if (this.#vectors.has(hash)) continue;
      this.#vectors.add(hash);
      this.#missing.delete(hash);
      const passages = countOf(this.#byHash.get(hash));
      this.#done += passages;
      if (passages === 0) this.#unused.add(hash);
    }
  }

  /** These vectors are there no longer. */
  dropVectors(hashes: readonly string[]): void {
    for (const hash of hashes) {
      if (!this.#vectors.delete(hash)) continue;
      this.#unused.delete(hash);
      const passages = countOf(this.#byHash.get(hash));
      this.#done -= passages;
      if (passages > 0) this.#missing.add(hash);
    }
  }

  /** Hashes of the texts that have a vector. */
  get vectors(): ReadonlySet<string> {
    return this.#vectors;
  }

  /** Passages whose embedded text has this hash; a text that is in no document any more has none. */
  passagesOfHash(hash: string): readonly string[] {
    const ids = this.#byHash.get(hash) ?? [];
    return typeof ids === "string" ? [ids] : ids;
  }

  /** Hashes of the texts that still need a vector, in the order in which they came; one that gets a vector meanwhile is left out. */
  get missing(): { readonly size: number } & Iterable<string> {
    return this.#missing;
  }

  /** Hashes of vectors that no passage has any more; those that have been so for longest come first. */
  get unused(): ReadonlySet<string> {
    return this.#unused;
  }

  /** Passages with a vector, and passages in all. */
  counts(): { done: number; total: number } {
    return { done: this.#done, total: this.#total };
  }

  #add(path: string, file: ManifestFile): void {
    this.#files.set(path, file);
    if (file.hash !== "") this.#readFiles++;
    for (const [at, hash] of file.texts.entries()) {
      const id = file.ids[at]!;
      const ids = this.#byHash.get(hash);
      if (Array.isArray(ids)) ids.push(id);
      else this.#byHash.set(hash, ids === undefined ? id : [ids, id]);
      this.#unused.delete(hash);
      this.#total++;
      if (this.#vectors.has(hash)) this.#done++;
      else if (ids === undefined) this.#missing.add(hash);
    }
  }

  #remove(path: string): void {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    if (file.hash !== "") this.#readFiles--;
    for (const [at, hash] of file.texts.entries()) {
      const left = without(this.#byHash.get(hash), file.ids[at]!);
      if (!left) continue;
      this.#total--;
      const made = this.#vectors.has(hash);
      if (made) this.#done--;
      if (left.length > 0) {
        this.#byHash.set(hash, left.length === 1 ? left[0]! : left);
        continue;
      }
      this.#byHash.delete(hash);
      this.#missing.delete(hash);
      if (made) this.#unused.add(hash);
    }
  }
}

function countOf(ids: string | readonly string[] | undefined): number {
  return typeof ids === "string" ? 1 : (ids?.length ?? 0);
}

/** What is left of the ids without one of them; undefined where it is not among them. */
function without(ids: string | string[] | undefined, id: string): string[] | undefined {
  if (typeof ids === "string") return ids === id ? [] : undefined;
  const at = ids?.indexOf(id) ?? -1;
  return ids && at >= 0 ? ids.toSpliced(at, 1) : undefined;
}
