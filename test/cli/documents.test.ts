import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docSite } from "../fixtures/doc-site.ts";
import { program } from "./program.ts";

test("a folder and a site are added to a folder, listed, searched with it, and removed", async () => {
  using cli = program();
  await using site = await docSite({
    "/robots.txt": { body: "User-agent: *\nDisallow: /guide/private.html\n" },
    "/guide/": `<h1>Guide</h1><p>The heliograph signals at noon.</p><a href="night.html">n</a><a href="private.html">p</a>`,
    "/guide/night.html": "<h1>Night</h1><p>The nocturnal observer writes the log by lamplight.</p>",
  });
  const notes = join(cli.dataHome, "..", "notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "note.md"), "# Note\n\nOrla Finch mends the heliostat on Thursdays.\n");

  expect((await cli.run(["documents", "add", cli.folder, notes])).code).toBe(0);
  const added = await cli.json(["documents", "add", cli.folder, `${site.origin}/guide/`, "--rate", "10"]);
  expect(added).toMatchObject({
    version: 1,
    document: { kind: "site", location: `${site.origin}/guide/`, site: { state: "done", pages: 2, leftOut: 1 } },
  });
  expect(site.paths()).toEqual(["/robots.txt", "/guide/", "/guide/night.html"]);

  const { documents } = await cli.json(["documents", "list", cli.folder]);
  expect(documents).toMatchObject([{ kind: "folder", location: notes, missing: false }, { kind: "site" }]);

  const index = await cli.json(["index", cli.folder, "--embedder", "none"]);
  expect((index["added"] as { files: number }[]).map(({ files }) => files)).toEqual([1, 2]);
  const search = async (query: string) =>
    (await cli.json(["search", cli.folder, query, "--embedder", "none", "--mode", "words"]))["hits"] as {
      title: string;
      source?: { name: string };
    }[];
  expect((await search("nocturnal lamplight"))[0]!.title).toContain(`${site.origin}/guide/night.html`);
  const [note] = await search("Orla Finch heliostat");
  expect(note).toMatchObject({ title: "Note", source: { name: "notes" } });
  expect((await search("Kestrel spectrograph keeper"))[0]).not.toHaveProperty("source");
  const asked = await cli.run(["ask", cli.folder, "Who mends the heliostat on Thursdays?", "--embedder", "none"]);
  expect(asked.stdout).toContain("note.md:3 in notes  ✓ verified");

  expect((await cli.run(["documents", "remove", cli.folder, `${site.origin}/guide`])).code).toBe(0);
  expect((await cli.run(["documents", "remove", cli.folder, notes])).code).toBe(0);
  expect((await cli.json(["documents", "list", cli.folder]))["documents"]).toEqual([]);
  const rest = await search("nocturnal lamplight Orla Finch");
  expect(rest.filter(({ title }) => title.includes("Note") || title.includes("night.html"))).toEqual([]);
});

test("asking or searching a folder without documents says that there are none", async () => {
  using cli = program();
  const empty = join(cli.dataHome, "..", "empty");
  mkdirSync(empty);
  for (const command of ["search", "ask"]) {
    const ended = await cli.run([command, empty, "Who keeps the log?", "--embedder", "none"]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("empty: No documents were found");
  }
});

test("what cannot be added is said in one sentence, and nothing is asked for", async () => {
  using cli = program();
  await using site = await docSite({ "/robots.txt": { status: 500 } });
  for (const [args, code, reason] of [
    [[join(cli.folder, "domes")], 2, "part of observatory"],
    [["/nowhere/at/all"], 2, "no folder"],
    [["https://me:secret@docs.example.org/"], 2, "name or password"],
    [[site.origin, "--pages", "0"], 2, "--pages"],
    [[site.origin, "--rate", "1000"], 2, "--rate"],
  ] as const) {
    const ended = await cli.run(["documents", "add", cli.folder, ...args]);
    expect(ended, args.join(" ")).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(reason);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  }
  expect(site.asked).toEqual([]);
  const refused = await cli.run(["documents", "add", cli.folder, site.origin]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("answered 500") as string });
  expect((await cli.run(["documents", "remove", cli.folder, "/nowhere"])).code).toBe(2);
});

test("Ctrl-C keeps what is fetched, and the same command goes on from there", async () => {
  using cli = program();
  const pages = Object.fromEntries(
    Array.from({ length: 6 }, (_, at) => [
      at === 0 ? "/docs/" : `/docs/p${at}.html`,
      `<p>Page ${at}.</p><a href="/docs/p${at + 1}.html">next</a>`,
    ]),
  );
  await using site = await docSite(pages);
  site.pages["/docs/p3.html"] = () => undefined;
  const add = ["documents", "add", cli.folder, `${site.origin}/docs/`, "--rate", "10", "--pages", "6"];
  const { child, ended } = cli.start(add);
  await expect.poll(() => site.paths(), { timeout: 30_000 }).toContain("/docs/p3.html");
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130 });
  site.pages["/docs/p3.html"] = pages["/docs/p3.html"]!;
  site.asked.length = 0;
  expect(await cli.json(add)).toMatchObject({ document: { site: { state: "done", pages: 6 } } });
  expect(site.paths()).toEqual(
    ["/robots.txt", "/docs/p3.html", "/docs/p4.html", "/docs/p5.html", "/docs/p6.html"].slice(0, 4),
  );
});
