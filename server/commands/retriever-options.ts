import { join } from "node:path";
import { type Command, Option } from "commander";
import { cacheHome, dataHome } from "../home.ts";
import { openPolicy } from "../models/policy-id.ts";
import { type RetrieverDeps, openRetriever } from "../retrieval/open-retriever.ts";
import { type RetrieverSpec, parseRetriever } from "../retrieval/retriever-spec.ts";
import type { Retriever } from "../retrieval/retriever.ts";
import { CommandError, exitCodes } from "./output.ts";

/** The options of every command that can search elsewhere than in a folder. */
export interface RetrieverOptions {
  site?: string;
  summarise?: string;
  cacheHours?: string;
  rate?: string;
  maxSearches?: string;
  maxCost?: string;
  price?: string;
  record?: string;
}

export const retrieverForms =
  "r1:URL, search-r1:URL, recall:URL, web:PROVIDER, web:PROVIDER@URL, replay:FILE or a folder";

/** Web search costs money, so its answers are kept for a week; a retrieval server's are not kept unless asked for. */
const webCacheHours = 168;

export function addRetrieverOptions(command: Command): Command {
  const group = "Options of the retriever:";
  for (const [flags, description] of [
    ["--site <host>", "web search: pages of this host alone"],
    ["--summarise <policy>", "web search: read the pages and let this policy summarise them"],
    ["--cache-hours <n>", `use kept answers for so long; 0 keeps none (web search ${webCacheHours}, servers 0)`],
    ["--rate <n>", "requests a second, at most"],
    ["--max-searches <n>", "searches in a month, at most"],
    ["--price <money>", "price of one search"],
    ["--max-cost <money>", "money in a month, at most; needs --price"],
    ["--record <file>", "write a recording that replay:FILE repeats without any server"],
  ] as const) {
    command.addOption(new Option(flags, description).helpGroup(group));
  }
  return command;
}

/** Whether a retriever's text is the path of a folder. */
export function namesFolder(text: string): boolean {
  const parsed = parseRetriever(text);
  return parsed.ok && parsed.spec.kind === "folder";
}

export function spendingHome(): string {
  return join(dataHome(), "spending");
}

/** Opens the retriever that a text names, or throws a `CommandError` that says what is wrong with it. */
export async function openNamedRetriever(
  text: string,
  options: RetrieverOptions,
  openFolder: RetrieverDeps["openFolder"],
): Promise<Retriever> {
  const parsed = parseRetriever(text);
  if (!parsed.ok) throw new CommandError(parsed.reason, exitCodes.usage);
  refuseIdle(parsed.spec.kind, options);
  const searches = numberOf("--max-searches", options.maxSearches);
  const money = numberOf("--max-cost", options.maxCost);
  const price = numberOf("--price", options.price);
  const perSecond = numberOf("--rate", options.rate);
  if (money !== undefined && !price)
    throw new CommandError("--max-cost needs the --price of one search.", exitCodes.usage);
  if (perSecond === 0) throw new CommandError("--rate takes a number above 0.", exitCodes.usage);
  const hours = numberOf("--cache-hours", options.cacheHours) ?? (parsed.spec.kind === "web" ? webCacheHours : 0);
  const opened = await openRetriever(text, {
    openFolder,
    openPolicy: (id) => openPolicy(id, {}),
    cache: { home: join(cacheHome(), "searches"), hours },
    budget: {
      home: spendingHome(),
      ...(searches === undefined ? {} : { searches }),
      ...(money === undefined ? {} : { money }),
      ...(price === undefined ? {} : { price }),
    },
    ...(options.site ? { site: options.site } : {}),
    ...(options.summarise ? { summariser: options.summarise } : {}),
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(options.record ? { record: options.record } : {}),
  });
  if (!opened.ok) throw new CommandError(opened.reason, exitCodes.usage);
  return opened.retriever;
}

/** An option that would do nothing is a mistake, and one that somebody may rely on. */
function refuseIdle(kind: RetrieverSpec["kind"], options: RetrieverOptions): void {
  const { site, summarise, cacheHours, rate, maxSearches, maxCost, price } = options;
  if (kind !== "web" && (site ?? summarise) !== undefined) {
    throw new CommandError("--site and --summarise are for web search; name one, as web:brave.", exitCodes.usage);
  }
  const local = kind === "folder" || kind === "replay";
  if (local && (cacheHours ?? rate ?? maxSearches ?? maxCost ?? price) !== undefined) {
    throw new CommandError(
      "Cache, rate and budget are for servers and web search; leave these options out.",
      exitCodes.usage,
    );
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new CommandError(`${name} takes a number.`, exitCodes.usage);
  return value;
}
