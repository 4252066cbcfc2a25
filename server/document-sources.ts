import type { AddedSource, DocumentSource, SiteProgress } from "../protocol/documents.ts";
import type { Folder } from "./home.ts";
import type { Session } from "./session.ts";
import { AddedDocumentsError, locationOf } from "./sources/added-documents.ts";
import { type OpenedDocument, addDocument, openAdded, removeDocument } from "./sources/open-added.ts";
import { type CrawlOptions, crawl } from "./sources/site/crawl.ts";
import { siteFetch } from "./sources/site/site-fetch.ts";
import { type Site, keepSite } from "./sources/site/site-home.ts";
import { siteProgress } from "./sources/site/site-progress.ts";
import { version } from "./version.ts";

export interface SourcesParts {
  session: Session;
  publish(sources: DocumentSource[]): void;
  onFault(where: string, error: unknown): void;
  /** Has these folders outside the workspace watched for changes, and no others. */
  watch?(folders: readonly Folder[]): void;
  /** How sites are fetched; the one way out of this program where absent. */
  fetch?: typeof globalThis.fetch;
  secondsBetween?: number;
}

interface Added extends OpenedDocument {
  owner: Session["folders"][number];
}

/** Words of a site are taken into the index while it is being fetched, after so many pages. */
const pagesPerUpdate = 20;

/** What is searched beside the workspace's own folders: added folders and sites, and the fetching of sites in the background. */
export class DocumentSources {
  readonly #parts: SourcesParts;
  readonly #crawls = new Map<string, { controller: AbortController; progress: SiteProgress; done: Promise<void> }>();
  #added: Added[] = [];
  #closed = false;

  constructor(parts: SourcesParts) {
    this.#parts = parts;
  }

  /** Reads what was added, also by another process, and goes on with sites that were cut off. */
  reload(): DocumentSource[] {
    const { session } = this.#parts;
    this.#added = session.folders.flatMap((owner) => {
      try {
        return openAdded(owner).map((opened) => ({ ...opened, owner }));
      } catch (error) {
        if (!(error instanceof AddedDocumentsError)) throw error;
        this.#parts.onFault(`reading what was added to ${owner.name}`, error);
        return [];
      }
    });
    const before = new Set(session.searched.map(({ id }) => id));
    const closed = session.setAdded(this.#added.flatMap(({ folder }) => folder ?? []));
    closed.catch((error: unknown) => this.#parts.onFault("closing the index of removed documents", error));
    // The copies of a site change only by being fetched.
    this.#parts.watch?.(this.#added.flatMap(({ folder, site }) => (folder && !site ? [folder] : [])));
    for (const folder of session.searched) if (!before.has(folder.id)) void session.update(folder);
    return this.list();
  }

  /** Fetches on the sites whose fetching was cut off by the end of a process. */
  continueSites(): void {
    if (!this.#parts.session.trusted) return;
    for (const { site } of this.#added) if (site && siteProgress(site).state === "waiting") this.#fetch(site);
  }

  list(): DocumentSource[] {
    const { session } = this.#parts;
    const seen = new Set<string>();
    return [
      ...session.folders.map(({ id, name, path }): DocumentSource => ({
        folder: { id, name },
        kind: "workspace",
        location: path,
      })),
      ...this.#added.flatMap(({ id, name, document, folder, site }): DocumentSource[] => {
        if (seen.has(id)) return [];
        seen.add(id);
        const progress = site && (this.#crawls.get(id)?.progress ?? siteProgress(site));
        return [
          {
            folder: { id, name },
            kind: document.kind,
            location: locationOf(document),
            ...(folder ? {} : { missing: true }),
            ...(progress ? { site: progress } : {}),
          },
        ];
      }),
    ];
  }

  /** Rejects with one sentence where it cannot be added. */
  add(to: string | undefined, source: AddedSource): DocumentSource {
    const { session } = this.#parts;
    const owner = to === undefined ? session.folders[0] : session.folders.find(({ id }) => id === to);
    if (!owner) throw new Error("No folder is open that documents could be added to; open a folder first.");
    if (source.kind === "site") this.#mayFetch();
    const addition = addDocument(owner, session.searched, source);
    if (!addition.ok) throw new Error(addition.reason);
    this.reload();
    if (addition.added.site) this.#fetch(addition.added.site);
    this.#publish();
    return this.list().find(({ folder }) => folder.id === addition.added.id)!;
  }

  async remove(id: string): Promise<void> {
    const those = this.#added.filter((each) => each.id === id);
    if (those.length === 0) throw new Error("These documents are not there any more.");
    await this.#stop(id);
    // The index is closed before its files may go.
    const { session } = this.#parts;
    await session.setAdded(session.searched.slice(session.folders.length).filter((folder) => folder.id !== id));
    for (const { owner, document } of those) removeDocument(owner, document);
    this.reload();
    this.#publish();
  }

  async act(id: string, action: "fetch" | "pause"): Promise<void> {
    const site = this.#added.find((each) => each.id === id)?.site;
    if (!site) throw new Error("This site is not there any more; add it again.");
    if (action === "fetch") this.#mayFetch();
    const kept = keepSite(site.prefix, { pages: site.pages, paused: action === "pause" });
    this.reload();
    if (action === "fetch") this.#fetch(kept);
    else await this.#stop(id);
    this.#publish();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#crawls.keys()].map((id) => this.#stop(id)));
  }

  #mayFetch(): void {
    if (!this.#parts.session.trusted)
      throw new Error("In Restricted Mode no site is fetched; trust this workspace first.");
  }

  #fetch(site: Site): void {
    const { id } = site.folder;
    if (this.#crawls.has(id) || this.#closed) return;
    const controller = new AbortController();
    const running = {
      controller,
      progress: { ...siteProgress(site), state: "fetching" as const },
      done: Promise.resolve(),
    };
    this.#crawls.set(id, running);
    let indexed = running.progress.pages;
    const onProgress = (progress: SiteProgress): void => {
      this.#crawls.set(id, Object.assign(running, { progress }));
      this.#publish();
      if (progress.pages - indexed < pagesPerUpdate) return;
      indexed = progress.pages;
      void this.#parts.session.update(site.folder);
    };
    running.done = this.#crawl(site, { signal: controller.signal, onProgress }).finally(() => {
      this.#crawls.delete(id);
      if (!this.#closed) this.#publish();
    });
  }

  async #crawl(site: Site, options: Pick<CrawlOptions, "signal" | "onProgress">): Promise<void> {
    const { session, onFault, fetch, secondsBetween } = this.#parts;
    try {
      await crawl(site, {
        ...options,
        version,
        fetch: fetch ?? siteFetch(session.settings.proxy),
        ...(secondsBetween === undefined ? {} : { secondsBetween }),
      });
    } catch (error) {
      if (!options.signal.aborted) onFault(`fetching ${site.folder.name}`, error);
    }
    if (!this.#closed) void session.update(site.folder);
  }

  async #stop(id: string): Promise<void> {
    const running = this.#crawls.get(id);
    running?.controller.abort();
    await running?.done;
  }

  #publish(): void {
    this.#parts.publish(this.list());
  }
}
