import { resolve } from "node:path";
import type { Command } from "commander";
import { type AddedSource, siteLimits } from "../../protocol/documents.ts";
import { openFolder } from "../home.ts";
import { AddedDocumentsError } from "../sources/added-documents.ts";
import { locationOf } from "../sources/added-documents.ts";
import { type OpenedDocument, addDocument, openAdded, removeDocument } from "../sources/open-added.ts";
import { crawl } from "../sources/site/crawl.ts";
import { siteFetch } from "../sources/site/site-fetch.ts";
import type { Site } from "../sources/site/site-home.ts";
import { parsePrefix, prefixAddress } from "../sources/site/site-prefix.ts";
import { siteProgress } from "../sources/site/site-progress.ts";
import { version } from "../version.ts";
import { CommandError, exitCodes, interruptSignal, note, print, printJson } from "./output.ts";
import { existingFolder } from "./project-argument.ts";
import { oneLine, visible } from "./visible-text.ts";

interface AddOptions {
  pages: string;
  rate: string;
  json?: boolean;
}

/** Faster than this no site is asked, whoever owns it. */
const mostPerSecond = 10;

export function addDocumentsCommand(program: Command): void {
  const command = program
    .command("documents")
    .description("Documents that are searched together with a folder: folders elsewhere, and documentation sites.");
  command
    .command("add")
    .description(
      "Add a folder, or a site by the address its pages begin with; again, it fetches what changed or was cut off.",
    )
    .argument("<dir>", "folder of documents")
    .argument("<source>", "path of a folder, or address of a site with http:// or https://")
    .option("--pages <count>", "pages of a site, at most", String(siteLimits.pages))
    .option("--rate <n>", `pages a second, at most; up to ${mostPerSecond}`, "1")
    .option("--json", "one JSON object on standard output")
    .action((dir: string, source: string, options: AddOptions) => orOneSentence(() => add(dir, source, options)));
  command
    .command("list")
    .description("What was added to a folder, and how far the fetching of sites is.")
    .argument("<dir>", "folder of documents")
    .option("--json", "one JSON object on standard output")
    .action((dir: string, options: { json?: boolean }) => orOneSentence(() => list(dir, options.json === true)));
  command
    .command("remove")
    .description("Take an added folder or site away. The files of a folder stay; the copies of a site's pages go.")
    .argument("<dir>", "folder of documents")
    .argument("<source>", "as it was added")
    .action((dir: string, source: string) => orOneSentence(() => remove(dir, source)));
}

async function add(dir: string, text: string, options: AddOptions): Promise<void> {
  const owner = openFolder(existingFolder(dir));
  const rate = Number(options.rate);
  if (!(rate > 0 && rate <= mostPerSecond))
    throw new CommandError(`--rate takes a number above 0 and up to ${mostPerSecond}.`, exitCodes.usage);
  const searched = [owner, ...openAdded(owner).flatMap(({ folder }) => folder ?? [])];
  const addition = addDocument(owner, searched, wantedSource(text, options.pages));
  if (!addition.ok) throw new CommandError(addition.reason, exitCodes.usage);
  const { added } = addition;
  if (added.site) await fetchSite(added.site, rate, options.json === true);
  if (options.json) return printJson({ document: documentJson(added) });
  print(describe(added));
  print(`searchlight index ${dir} reads it in; searches of ${dir} find it.`);
}

/** Ctrl-C keeps what was fetched; the same command goes on. */
async function fetchSite(site: Site, rate: number, quiet: boolean): Promise<void> {
  const signal = interruptSignal();
  let told = -1;
  const outcome = await crawl(site, {
    fetch: siteFetch(),
    signal,
    version,
    secondsBetween: 1 / rate,
    onProgress: ({ pages, queued }) => {
      if (quiet || !process.stderr.isTTY || pages === told) return;
      told = pages;
      note(`${pages} pages kept, ${queued} to go`);
    },
  });
  if (outcome.kind === "taken")
    throw new CommandError(
      `Another Searchlight fetches ${prefixAddress(site.prefix)}; wait for it, or pause it there.`,
    );
  if (outcome.kind === "failed")
    throw new CommandError(
      `${outcome.reason} The site stays listed: the same command tries again, documents remove takes it away.`,
    );
}

function list(dir: string, json: boolean): void {
  const documents = openAdded(openFolder(existingFolder(dir)));
  if (json) return printJson({ documents: documents.map(documentJson) });
  if (documents.length === 0) return print(`Nothing was added to ${dir}; searchlight documents add adds to it.`);
  for (const document of documents) {
    print(describe(document));
    for (const { path, reason } of document.site ? siteProgress(document.site).leftOutPages.slice(-10) : [])
      note(`left out ${oneLine(path, 200)}: ${oneLine(reason, 200)}`);
  }
}

function remove(dir: string, text: string): void {
  const owner = openFolder(existingFolder(dir));
  const found = openAdded(owner).find(
    ({ document }) => locationOf(document) === text || locationOf(document) === locationNamed(text),
  );
  if (!found)
    throw new CommandError(
      `${text} was not added to ${dir}; searchlight documents list shows what was.`,
      exitCodes.usage,
    );
  removeDocument(owner, found.document);
  print(`${visible(locationOf(found.document))} is no longer searched with ${dir}.`);
}

function wantedSource(text: string, pages: string): AddedSource {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined && !isAddress(text))
    throw new CommandError(
      `${text} cannot be fetched: a site's address begins with https:// or http://, not ${scheme}://.`,
      exitCodes.usage,
    );
  if (!isAddress(text)) return { kind: "folder", path: resolve(text) };
  const count = Number(pages);
  if (!Number.isInteger(count) || count < 1 || count > siteLimits.mostPages)
    throw new CommandError(`--pages takes a whole number from 1 to ${siteLimits.mostPages}.`, exitCodes.usage);
  return { kind: "site", address: text, pages: count };
}

function locationNamed(text: string): string {
  if (!isAddress(text)) return resolve(text);
  const reading = parsePrefix(text);
  return reading.ok ? prefixAddress(reading.prefix) : text;
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function documentJson({ id, name, document, folder, site }: OpenedDocument): object {
  const where = locationOf(document);
  return {
    id,
    name,
    kind: document.kind,
    location: where,
    missing: folder === undefined,
    ...(site ? { site: siteProgress(site) } : {}),
  };
}

function describe({ document, folder, site }: OpenedDocument): string {
  const where = visible(locationOf(document));
  if (!folder) return `${document.kind} ${where}: not there`;
  if (!site) return `${document.kind} ${where}`;
  const { state, pages, limit, leftOut, reason } = siteProgress(site);
  return `${document.kind} ${where}: ${state}, ${pages} of at most ${limit} pages, ${leftOut} left out. ${visible(reason)}`;
}

async function orOneSentence(act: () => void | Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof AddedDocumentsError) throw new CommandError(error.message);
    throw error;
  }
}
