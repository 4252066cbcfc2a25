import type { Command } from "commander";
import { webProviders } from "../retrieval/web/providers.ts";
import { spending } from "../retrieval/budget.ts";
import { wireForms } from "../retrieval/wire/forms.ts";
import { join } from "node:path";
import { hitJson, printHits } from "./hits-print.ts";
import { counted } from "./counted.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { addServeCommand } from "./retrieval-serve.ts";
import {
  type RetrieverOptions,
  addRetrieverOptions,
  namesFolder,
  openNamedRetriever,
  retrieverForms,
  spendingHome,
} from "./retriever-options.ts";

export function addRetrievalCommand(program: Command): void {
  const command = program
    .command("retrieval")
    .description("Retrieval servers and web search: ask them, be one, see what they cost.");
  addServeCommand(command);

  addRetrieverOptions(
    command
      .command("search")
      .description("Search a retrieval server, the web or a recording; several queries go out as one batch.")
      .argument("<spec>", retrieverForms)
      .argument("<query...>", "texts to search for")
      .option("-k <count>", "how many hits", "5")
      .option("--json", "one JSON object on standard output"),
  ).action((retriever: string, queries: string[], options: SearchOptions) => search(retriever, queries, options));

  command
    .command("spending")
    .description(
      "Searches of this month that were asked of web search and of servers with a budget, and what they cost.",
    )
    .option("--json", "one JSON object on standard output")
    .action(({ json }: { json?: boolean }) => printSpending(json === true));
}

interface SearchOptions extends RetrieverOptions {
  k: string;
  json?: boolean;
}

async function search(text: string, queries: string[], options: SearchOptions): Promise<void> {
  const k = Number(options.k);
  if (!Number.isInteger(k) || k < 1 || k > 1000)
    throw new CommandError("-k takes a whole number from 1 to 1000.", exitCodes.usage);
  if (namesFolder(text)) {
    throw new CommandError(`${text} names no server; a folder is searched by searchlight search.`, exitCodes.usage);
  }
  const retriever = await openNamedRetriever(text, options, () =>
    Promise.reject(new Error("no folder is opened here")),
  );
  const outcomes = await retriever.search(queries, k, interruptSignal());
  if (options.json) {
    const results = outcomes.map((outcome, index) => {
      const query = queries[index];
      if (!outcome.ok) return { query, error: outcome.error };
      return {
        query,
        hits: outcome.hits.map((hit) => hitJson(hit, retriever.folders)),
        seconds: outcome.seconds,
        cached: outcome.cached,
      };
    });
    printJson({ retriever: retriever.id, results });
  } else {
    for (const [index, outcome] of outcomes.entries()) {
      if (queries.length > 1) print(`${index > 0 ? "\n" : ""}${queries[index]}`);
      if (outcome.ok) printHits(outcome.hits, retriever.folders, undefined);
    }
  }
  const failure = outcomes.find((outcome) => !outcome.ok);
  if (!failure || failure.ok) return;
  const cancelled = failure.error.kind === "cancelled";
  throw new CommandError(failure.error.message, cancelled ? exitCodes.interrupted : exitCodes.failed);
}

function printSpending(json: boolean): void {
  const month = new Date().toISOString().slice(0, 7);
  const names = [...webProviders, ...wireForms].map(({ name }) => name);
  const spent = names
    .map((name) => ({ name, ...spending(join(spendingHome(), `${name}.jsonl`), month) }))
    .filter(({ searches }) => searches > 0);
  if (json) return printJson({ month, spent });
  if (spent.length === 0) print(`No searches in ${month}.`);
  for (const { name, searches, money } of spent)
    print(`${name}: ${counted(searches, "search", "searches")}${money > 0 ? `, ${money.toFixed(2)} in money` : ""}`);
}
