import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { SearchMode, mostNeighbours } from "../../protocol/passage.ts";
import { rerankHits, rerankedHits } from "../index/rerank-hits.ts";
import { type Reranker, openReranker } from "../models/reranker.ts";
import { localRetriever } from "../retrieval/local.ts";
import { withNeighbours } from "../retrieval/neighbours.ts";
import { hitJson, printHits } from "./hits-print.ts";
import { updateWithProgress } from "./index-progress.ts";
import { CommandError, exitCodes, interruptSignal, printJson } from "./output.ts";
import { openCommandProject } from "./project-argument.ts";
import { whyUnread } from "../file-failure.ts";

interface SearchOptions {
  k: string;
  mode: string;
  queries?: string;
  embedder: string;
  rerank?: string;
  neighbours: string;
  json?: boolean;
}

/** A question file serves as well. */
const Query = z.union([
  z.object({ query: z.string() }).loose(),
  z
    .object({ question: z.string() })
    .loose()
    .transform(({ question }) => ({ query: question })),
]);

export function addSearchCommand(program: Command): void {
  program
    .command("search")
    .description(
      'Search a folder of documents; says for each hit which leg found it and which words matched. A query may hold "exact words", path:PART, kind:pdf, lang:de.',
    )
    .argument("<dir>", "folder of documents")
    .argument("[query]", "between quotation marks; absent with --queries")
    .option("-k <count>", "how many hits", "10")
    .option("--mode <mode>", "words, vectors or hybrid", "hybrid")
    .option("--queries <file>", "JSON lines with a field query or question; one JSON line is printed for each")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--rerank <model@url>", "let a server's /v1/rerank order the hits")
    .option("--neighbours <count>", "passages of the same file before and after each hit", "0")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, query: string | undefined, options: SearchOptions) => {
      const k = Number(options.k);
      if (!Number.isInteger(k) || k < 1 || k > 1000)
        throw new CommandError("-k takes a whole number from 1 to 1000.", exitCodes.usage);
      const neighbours = Number(options.neighbours);
      if (!Number.isInteger(neighbours) || neighbours < 0 || neighbours > mostNeighbours)
        throw new CommandError(`--neighbours takes a whole number from 0 to ${mostNeighbours}.`, exitCodes.usage);
      const mode = SearchMode.safeParse(options.mode);
      if (!mode.success) throw new CommandError("--mode is words, vectors or hybrid.", exitCodes.usage);
      if ((query === undefined) === (options.queries === undefined)) {
        throw new CommandError("Give a query, or --queries with a file of them.", exitCodes.usage);
      }
      if (query?.trim() === "")
        throw new CommandError("The query is empty; write it between quotation marks.", exitCodes.usage);
      const reranker = options.rerank === undefined ? undefined : await namedReranker(options.rerank);
      const signal = interruptSignal();
      await using project = await openCommandProject(dir, options.embedder);
      const update = await updateWithProgress(project, { json: options.json === true, until: "words", signal });
      if (project.wordsOnly && mode.data === "vectors")
        throw new CommandError(`${project.wordsOnly} --mode words searches without vectors.`);
      // Without an embedder both legs are one.
      const searched = project.wordsOnly ? "words" : mode.data;
      const retriever = localRetriever(project.indexes, searched);
      const search = async (text: string) => {
        const started = performance.now();
        const [outcome] = await retriever.search([text], reranker ? Math.max(k, rerankedHits) : k, signal);
        if (!outcome?.ok) {
          signal.throwIfAborted();
          throw new CommandError(outcome?.error.message ?? "The search was not answered.");
        }
        const ranked = reranker ? await rerankHits(reranker, text, outcome.hits, k, signal) : outcome.hits;
        const hits = neighbours > 0 ? await withNeighbours(project.indexes, ranked, neighbours) : ranked;
        const coverage = retriever.coverage();
        const ms = Math.round((performance.now() - started) * 10) / 10;
        return { mode: searched, hits, state: project.index.status().state, ms, ...(coverage ? { coverage } : {}) };
      };
      if (query !== undefined) {
        const result = await search(query);
        if (options.json) printJson({ ...result, hits: result.hits.map((hit) => hitJson(hit, retriever.folders)) });
        else printHits(result.hits, retriever.folders, result.coverage);
      } else {
        for (const [row, text] of readQueries(options.queries!).entries()) {
          const result = await search(text);
          printJson({ row, query: text, ...result, hits: result.hits.map((hit) => hitJson(hit, retriever.folders)) });
        }
      }
      update.stop();
      await update.done;
    });
}

async function namedReranker(spec: string): Promise<Reranker> {
  const opening = await openReranker(spec);
  if (!opening.ok) throw new CommandError(opening.reason, exitCodes.usage);
  return opening.reranker;
}

function readQueries(file: string): string[] {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    throw new CommandError(`${file} ${whyUnread(error)}; give a file of queries as JSON lines.`, exitCodes.usage);
  }
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [Query.parse(JSON.parse(line)).query];
    } catch {
      throw new CommandError(
        `${file}, line ${index + 1}: no JSON object with a text field "query" or "question".`,
        exitCodes.usage,
      );
    }
  });
}
