import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IndexAction } from "../../../protocol/index-status.ts";
import type { DocumentSource } from "../../../protocol/documents.ts";
import { toClient, toServer } from "../../../protocol/server-messages.ts";
import { openFolder } from "../../../server/home.ts";
import { docSite } from "../../fixtures/doc-site.ts";
import { type InBandServer, startInBand } from "../../fixtures/in-band-server.ts";

let root: string;
let home: string | undefined;
let server: InBandServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "searchlight-documents-"));
  home = process.env["SEARCHLIGHT_HOME"];
  process.env["SEARCHLIGHT_HOME"] = join(root, "home");
  for (const [folder, text] of [
    ["docs", "# Dome\n\nThe Kestrel spectrograph is mounted in the North Dome.\n"],
    ["second", "# Hall\n\nVisitors wait in the hall until the shutters are open.\n"],
    ["elsewhere", "# People\n\nMarta Quill looks after the Kestrel spectrograph since 2011.\n"],
  ] as const) {
    mkdirSync(join(root, folder));
    writeFileSync(join(root, folder, "page.md"), text);
  }
  server = await open();
});
afterEach(async () => {
  await server.stop();
  if (home === undefined) delete process.env["SEARCHLIGHT_HOME"];
  else process.env["SEARCHLIGHT_HOME"] = home;
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const open = (trusted = true): Promise<InBandServer> =>
  startInBand({
    trusted,
    folders: [
      { name: "docs", path: join(root, "docs") },
      { name: "second", path: join(root, "second") },
    ],
  });

const sources = async (): Promise<DocumentSource[]> => (await server.request(toServer.documentSources, {})).sources;

async function found(query: string): Promise<string[]> {
  const { hits } = await server.request(toServer.search, { query, k: 10, mode: "words" });
  return hits.map(({ passage }) => passage.text);
}

describe("added folders", () => {
  test("are searched, cited and listed with those of the workspace, by every later server as well", async () => {
    expect((await sources()).map(({ folder, kind }) => [folder.name, kind])).toEqual([
      ["docs", "workspace"],
      ["second", "workspace"],
    ]);
    const [docs] = await sources();
    const { source } = await server.request(toServer.addDocuments, {
      to: docs!.folder.id,
      source: { kind: "folder", path: join(root, "elsewhere") },
    });
    expect(source).toMatchObject({ folder: { name: "elsewhere" }, kind: "folder", location: join(root, "elsewhere") });
    await expect.poll(() => found("who looks after it")).toContainEqual(expect.stringContaining("Marta Quill"));
    const { folders } = await server.request(toServer.indexStatus, {});
    expect(folders.map(({ folder }) => folder.name)).toEqual(["docs", "second", "elsewhere"]);

    const { trajectoryId } = await server.request(toServer.ask, {
      question: "Who looks after the spectrograph mounted in the North Dome?",
    });
    const cited = (await server.ended(trajectoryId)).answer!.citations.find(({ quote }) => quote.includes("Marta"))!;
    expect(cited).toMatchObject({ status: "verified", place: { path: "page.md", folder: source.folder.id } });
    expect(await server.request(toServer.resolvePlace, { place: cited.place! })).toEqual({
      path: join(root, "elsewhere", "page.md"),
      stale: false,
    });

    await server.stop();
    server = await open();
    expect((await sources()).map(({ folder }) => folder.name)).toEqual(["docs", "second", "elsewhere"]);
    await expect.poll(() => found("who looks after it")).toContainEqual(expect.stringContaining("Marta Quill"));
  });

  test("are no longer searched once they are removed; their files stay", async () => {
    const { source } = await server.request(toServer.addDocuments, {
      source: { kind: "folder", path: join(root, "elsewhere") },
    });
    await expect.poll(() => found("Marta Quill")).toHaveLength(1);
    await server.request(toServer.removeDocuments, { folder: source.folder.id });
    expect(await found("Marta Quill")).toEqual([]);
    expect(await sources()).toHaveLength(2);
    expect(existsSync(join(root, "elsewhere", "page.md"))).toBe(true);
    await expect(server.request(toServer.removeDocuments, { folder: source.folder.id })).rejects.toThrow("not there");
  });

  test("are watched for changes by the editor, until they are removed", async () => {
    interface Registration {
      registrations: { id: string; registerOptions: { watchers: { globPattern: unknown }[] } }[];
    }
    const asked: Registration["registrations"] = [];
    const given: string[] = [];
    server.client.onRequest("client/registerCapability", ({ registrations }: Registration) => {
      asked.push(...registrations);
      return null;
    });
    server.client.onRequest("client/unregisterCapability", (params: { unregisterations: { id: string }[] }) => {
      given.push(...params.unregisterations.map(({ id }) => id));
      return null;
    });
    const { source } = await server.request(toServer.addDocuments, {
      source: { kind: "folder", path: join(root, "elsewhere") },
    });
    await expect.poll(() => found("Marta Quill")).toHaveLength(1);
    const baseUri = pathToFileURL(join(root, "elsewhere")).href;
    // The window's own folders are watched as well.
    const outside = asked.filter(({ registerOptions }) => registerOptions.watchers[0]!.globPattern !== "**/*");
    expect(outside.map(({ registerOptions }) => registerOptions.watchers[0]!.globPattern)).toEqual([
      { baseUri, pattern: "**/*" },
    ]);
    writeFileSync(join(root, "elsewhere", "later.md"), "# Later\n\nOrla Finch mends the heliostat.\n");
    await server.client.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: `${baseUri}/later.md`, type: 1 }],
    });
    await expect.poll(() => found("heliostat")).toHaveLength(1);
    await server.request(toServer.removeDocuments, { folder: source.folder.id });
    await expect.poll(() => given).toEqual([outside[0]!.id]);
  });

  test("are refused where a file would be found twice, or where there is no folder", async () => {
    mkdirSync(join(root, "docs", "inner"));
    const add = (path: string) => server.request(toServer.addDocuments, { source: { kind: "folder", path } });
    await expect(add(join(root, "docs"))).rejects.toThrow("searched already");
    await expect(add(join(root, "docs", "inner"))).rejects.toThrow("part of docs");
    await expect(add(root)).rejects.toThrow("found twice");
    await expect(add(join(root, "none"))).rejects.toThrow("no folder");
    await expect(add(join(root, "docs", "page.md"))).rejects.toThrow("is a file");
    await expect(add("docs")).rejects.toThrow("no whole path");
    symlinkSync(join(root, "docs"), join(root, "link"));
    await expect(add(join(root, "link"))).rejects.toThrow("searched already");
    expect(await sources()).toHaveLength(2);
  });

  test("that are gone from disk are listed as missing and can be removed", async () => {
    await server.request(toServer.addDocuments, { source: { kind: "folder", path: join(root, "elsewhere") } });
    await expect.poll(() => found("Marta Quill")).toHaveLength(1);
    rmSync(join(root, "elsewhere"), { recursive: true });
    const gone = (await sources()).at(-1)!;
    expect(gone).toMatchObject({ missing: true, folder: { name: "elsewhere" } });
    expect(await found("Marta Quill")).toEqual([]);
    await server.request(toServer.removeDocuments, { folder: gone.folder.id });
    expect(await sources()).toHaveLength(2);
  });

  test("come into the window as soon as a terminal has added them and the window asks", async () => {
    const [docs] = await sources();
    const list = join(root, "home", "projects", docs!.folder.id, "documents.json");
    mkdirSync(join(list, ".."), { recursive: true });
    writeFileSync(list, JSON.stringify({ format: 1, documents: [{ kind: "folder", path: join(root, "elsewhere") }] }));
    expect((await sources()).map(({ folder }) => folder.name)).toContain("elsewhere");
    await expect.poll(() => found("Marta Quill")).toHaveLength(1);
  });

  test("of a damaged list are told of, and the rest is searched", async () => {
    const [docs] = await sources();
    const list = join(root, "home", "projects", docs!.folder.id, "documents.json");
    mkdirSync(join(list, ".."), { recursive: true });
    writeFileSync(list, "{");
    expect(await sources()).toHaveLength(2);
    const { markdown } = await server.request(toServer.statusReport, {});
    expect(markdown).toContain("is damaged; mend or delete");
    await expect(
      server.request(toServer.addDocuments, { source: { kind: "folder", path: join(root, "elsewhere") } }),
    ).rejects.toThrow("damaged");
  });
});

describe("added sites", () => {
  const pages = {
    "/guide/": `<h1>Guide</h1><p>The heliograph signals at noon.</p><a href="night.html">night</a>`,
    "/guide/night.html": "<h1>Night</h1><p>The nocturnal observer writes the log by lamplight.</p>",
  };

  test("are fetched in the background and searched with their pages' addresses as titles", async () => {
    await using site = await docSite(pages);
    const told: DocumentSource[][] = [];
    server.client.onNotification(
      toClient.documentsChanged.method,
      ({ sources: list }: { sources: DocumentSource[] }) => {
        told.push(list);
      },
    );
    const { source } = await server.request(toServer.addDocuments, {
      source: { kind: "site", address: `${site.origin}/guide/`, pages: 10 },
    });
    expect(source).toMatchObject({
      kind: "site",
      location: `${site.origin}/guide/`,
      site: { state: "fetching", limit: 10 },
    });
    const search = async () => server.request(toServer.search, { query: "nocturnal lamplight", k: 5, mode: "words" });
    await expect
      .poll(async () => (await search()).hits[0]?.passage.title, { timeout: 30_000 })
      .toMatch(`${site.origin}/guide/night.html`);
    expect((await sources()).at(-1)!.site).toMatchObject({ state: "done", pages: 2, leftOut: 0 });
    expect(told.flat().some((each) => each.site?.state === "fetching")).toBe(true);
    expect(told.at(-1)!.at(-1)!.site).toMatchObject({ state: "done" });

    const copies = join(root, "home", "sites");
    expect(readdirSync(copies)).toHaveLength(1);
    await server.request(toServer.removeDocuments, { folder: source.folder.id });
    expect(readdirSync(copies)).toEqual([]);
    expect((await search()).hits).toEqual([]);
  });

  test("that are paused stay so for a later server, and go on when they are fetched again", async () => {
    await using site = await docSite(pages);
    site.pages["/guide/night.html"] = () => undefined;
    const { source } = await server.request(toServer.addDocuments, {
      source: { kind: "site", address: `${site.origin}/guide/`, pages: 10 },
    });
    const folder = source.folder.id;
    await expect.poll(() => site.paths()).toContain("/guide/night.html");
    await server.request(toServer.siteAction, { folder, action: "pause" });
    expect((await sources()).at(-1)!.site).toMatchObject({ state: "paused", pages: 1, queued: 1 });
    await server.stop();
    server = await open();
    expect((await sources()).at(-1)!.site).toMatchObject({ state: "paused" });
    site.pages["/guide/night.html"] = pages["/guide/night.html"];
    await server.request(toServer.siteAction, { folder, action: "fetch" });
    await expect.poll(async () => (await sources()).at(-1)!.site?.state, { timeout: 30_000 }).toBe("done");
  });

  test("are not fetched for an untrusted workspace", async () => {
    await using site = await docSite(pages);
    await server.stop();
    server = await open(false);
    await expect(
      server.request(toServer.addDocuments, { source: { kind: "site", address: site.origin, pages: 10 } }),
    ).rejects.toThrow("Restricted Mode");
    expect(site.asked).toEqual([]);
  });
});

test("a file of a searched folder is resolved for a person to open it, and none outside", async () => {
  const [docs] = await sources();
  const resolve = (path: string, folder = docs!.folder.id) => server.request(toServer.resolveFile, { folder, path });
  expect(await resolve("page.md")).toEqual({ path: join(root, "docs", "page.md") });
  symlinkSync(join(root, "elsewhere"), join(root, "docs", "link"));
  for (const path of ["../elsewhere/page.md", "link/page.md", "/etc/hostname", "none.md", ".", ""])
    expect(await resolve(path), path).toBeNull();
  expect(await resolve("page.md", "other")).toBeNull();
});

test("an index is paused, resumed, stopped and pruned, and none of that is an error", async () => {
  const [docs] = await sources();
  const folder = docs!.folder.id;
  const act = (action: IndexAction) => server.request(toServer.indexAction, { folder, action });
  const status = async () =>
    (await server.request(toServer.indexStatus, {})).folders.find((each) => each.folder.id === folder)!;
  await act("update");
  await expect.poll(async () => (await status()).passages).toBeGreaterThan(0);
  await act("pause");
  await expect.poll(async () => (await status()).state).toBe("paused");
  await act("update");
  await act("cancel");
  await act("resume");
  await expect.poll(async () => (await status()).state).toBe("degraded");
  for (let at = 0; at < 5; at++) {
    writeFileSync(join(root, "docs", `p${at}.md`), `# Page ${at}\n\nText ${at}.\n`);
    await act("update");
    await expect
      .poll(async () => {
        const { state, files } = await status();
        return [state, files];
      })
      .toEqual(["degraded", at + 2]);
  }
  // How much that is depends on which versions a reader may still use.
  expect(await act("prune")).toEqual({ freed: expect.any(Number) as number });
  expect(await act("update")).toEqual({});
  expect(await found("Kestrel spectrograph")).toHaveLength(1);
  expect((await status()).errors ?? []).toEqual([]);
});

test("added documents whose index fails cost the others nothing, and say in their errors what went wrong", async () => {
  const elsewhere = openFolder(join(root, "elsewhere"), join(root, "home"));
  mkdirSync(dirname(elsewhere.indexHome), { recursive: true });
  writeFileSync(elsewhere.indexHome, "no folder");
  await server.request(toServer.addDocuments, { source: { kind: "folder", path: join(root, "elsewhere") } });
  const status = async () =>
    (await server.request(toServer.indexStatus, {})).folders.find(({ folder }) => folder.id === elsewhere.id)!;
  await expect.poll(async () => (await status()).errors?.length ?? 0).toBeGreaterThan(0);
  const { state, reason, errors } = await status();
  expect(state).toBe("failed");
  expect(errors!.at(-1)).toEqual({ at: expect.any(String) as string, message: reason });
  const [docs] = await sources();
  await server.request(toServer.indexAction, { folder: docs!.folder.id, action: "update" });
  await expect.poll(() => found("Kestrel spectrograph")).toHaveLength(1);
});

test("the state of an index comes with its size on disk", async () => {
  const [docs] = await sources();
  await server.request(toServer.indexAction, { folder: docs!.folder.id, action: "update" });
  const status = async () =>
    (await server.request(toServer.indexStatus, {})).folders.find(({ folder }) => folder.id === docs!.folder.id)!;
  await expect.poll(async () => (await status()).bytes ?? 0).toBeGreaterThan(1000);
});
