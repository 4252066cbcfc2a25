import type { SkippedFile } from "../../protocol/index-status.ts";
import { HashMap, HashQueue } from "./many-hashes.ts";
import type { ManifestFile } from "./manifest.ts";

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
  readonly #files = new Map<string, ManifestFile>();
  /** Nearly every text is in one passage, and a list for each would be most of what an index takes in memory. */
  readonly #byHash = new HashMap<string | string[]>();
  /** Texts without a vector: looking for them among all would hold the event loop at every saved file of a large index. */
  readonly #missing = new HashQueue();
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

  /** Takes over all files of an index. */
  hold(files: ReadonlyMap<string, ManifestFile>): void {
    this.#files.clear();
    this.#byHash.clear();
    this.#missing.clear();
    this.#readFiles = this.#total = this.#done = 0;
    this.#unused = new Set(this.#vectors);
    this.apply({ set: files, gone: [] });
  }

  apply({ set, gone }: HeldChange): void {
    for (const path of gone) this.#remove(path);
    for (const [path, file] of set) {
      this.#remove(path);
      this.#add(path, file);
    }
  }

  /** Takes over the hashes of all texts that have a vector. */
  holdVectors(hashes: Set<string>): void {
    this.#vectors = hashes;
    this.#unused = new Set([...hashes].filter((hash) => !this.#byHash.has(hash)));
    this.#done = 0;
    this.#missing.clear();
    for (const [hash, ids] of this.#byHash) {
      if (hashes.has(hash)) this.#done += countOf(ids);
      else this.#missing.add(hash);
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
