import type { SkippedFile } from "../../protocol/index-status.ts";
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
  readonly #byHash = new Map<string, string[]>();
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
    for (const [hash, ids] of this.#byHash) if (hashes.has(hash)) this.#done += ids.length;
  }

  addVectors(hashes: readonly string[]): void {
    for (const hash of hashes) {
      if (this.#vectors.has(hash)) continue;
      this.#vectors.add(hash);
      const passages = this.#byHash.get(hash)?.length ?? 0;
      this.#done += passages;
      if (passages === 0) this.#unused.add(hash);
    }
  }

  /** These vectors are there no longer. */
  dropVectors(hashes: readonly string[]): void {
    for (const hash of hashes) {
      if (!this.#vectors.delete(hash)) continue;
      this.#unused.delete(hash);
      this.#done -= this.#byHash.get(hash)?.length ?? 0;
    }
  }

  /** Hashes of the texts that have a vector. */
  get vectors(): ReadonlySet<string> {
    return this.#vectors;
  }

  /** Passages whose embedded text has this hash; a text that is in no document any more has none. */
  passagesOfHash(hash: string): readonly string[] {
    return this.#byHash.get(hash) ?? [];
  }

  /** Hashes of the texts that still need a vector. */
  missing(): string[] {
    return [...this.#byHash.keys()].filter((hash) => !this.#vectors.has(hash));
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
    for (const [id, hash] of file.passages) {
      const ids = this.#byHash.get(hash);
      if (ids) ids.push(id);
      else this.#byHash.set(hash, [id]);
      this.#unused.delete(hash);
      this.#total++;
      if (this.#vectors.has(hash)) this.#done++;
    }
  }

  #remove(path: string): void {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    if (file.hash !== "") this.#readFiles--;
    for (const [id, hash] of file.passages) {
      const ids = this.#byHash.get(hash);
      const at = ids?.indexOf(id) ?? -1;
      if (!ids || at < 0) continue;
      ids.splice(at, 1);
      this.#total--;
      const made = this.#vectors.has(hash);
      if (made) this.#done--;
      if (ids.length > 0) continue;
      this.#byHash.delete(hash);
      if (made) this.#unused.add(hash);
    }
  }
}
