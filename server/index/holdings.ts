import { existsSync, statSync } from "node:fs";
import { type Manifest, emptyManifest, writeManifest } from "./manifest.ts";

/** What an index holds: its manifest, which passages share an embedded text, and which texts have a vector. */
export class Holdings {
  readonly #path: string;
  #manifest: Manifest = emptyManifest();
  #time = 0;
  #byHash = new Map<string, string[]>();
  /** Hashes of the texts that have a vector. */
  vectors = new Set<string>();

  constructor(manifestPath: string) {
    this.#path = manifestPath;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Takes over a manifest that is, or is about to be, the one on disk. */
  hold(manifest: Manifest): void {
    this.#manifest = manifest;
    this.#byHash = new Map();
    for (const file of Object.values(manifest.files)) {
      for (const [id, hash] of file.passages) {
        const ids = this.#byHash.get(hash);
        if (ids) ids.push(id);
        else this.#byHash.set(hash, [id]);
      }
    }
    this.#time = this.#timeOnDisk();
  }

  /** Writes the manifest and holds it. */
  remember(manifest: Manifest): void {
    writeManifest(this.#path, manifest);
    this.hold(manifest);
  }

  /** True when another process has written the manifest since it was held. */
  outdated(): boolean {
    return this.#timeOnDisk() !== this.#time;
  }

  /** Passages whose embedded text has this hash; a text that is in no document any more has none. */
  passagesOfHash(hash: string): readonly string[] {
    return this.#byHash.get(hash) ?? [];
  }

  /** Hashes of the texts that still need a vector. */
  missing(): string[] {
    return [...this.#byHash.keys()].filter((hash) => !this.vectors.has(hash));
  }

  /** Passages with a vector, and passages in all. */
  counts(): { done: number; total: number } {
    let done = 0;
    let total = 0;
    for (const [hash, ids] of this.#byHash) {
      total += ids.length;
      if (this.vectors.has(hash)) done += ids.length;
    }
    return { done, total };
  }

  #timeOnDisk(): number {
    return existsSync(this.#path) ? statSync(this.#path).mtimeMs : 0;
  }
}
