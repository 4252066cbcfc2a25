import type { Command } from "commander";
import { SearchMode } from "../../protocol/passage.ts";
import { type CorpusAudit, type Share, auditCorpus } from "../evaluation/audit/audit-corpus.ts";
import { type Contaminated, contamination, nearlySame } from "../evaluation/audit/contamination.ts";
import { sampleQuestions } from "../evaluation/sample-questions.ts";
import { type CorpusChoice, chosenCorpus } from "./chosen-corpus.ts";
import { auditProgress } from "./evaluate-progress.ts";
import { wholeNumber } from "./named-choices.ts";
import { counted } from "./counted.ts";
import { CommandError, exitCodes, interruptSignal, print, printJson } from "./output.ts";
import { addRetrieverOptions } from "./retriever-options.ts";
import { readQuestionFile } from "./question-file.ts";
import { oneLine } from "./visible-text.ts";

interface AuditOptions extends Omit<CorpusChoice, "index"> {
  index?: string;
  against?: string;
  mode: string;
  k: string;
  limit?: string;
  seed: string;
  skipBad?: boolean;
}

/** More examples than this say nothing to a person. */
const mostShown = 10;

export function addAuditCommand(program: Command): void {
  const command = program
    .command("audit")
    .description("Can these documents answer these questions, and does another set hold them too?")
    .argument("<data>", "questions: JSON lines, JSON, parquet or CSV; read by content")
    .option("--index <what>", "folder of documents, file of passages, or a retrieval server")
    .option("--against <file>", "another question file, as the one that is trained on")
    .option("-k <n>", "how many passages a question brings", "10")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--mode <mode>", "search by words, vectors or hybrid", "hybrid")
    .option("--limit <n>", "a random sample of so many questions, chosen by the seed")
    .option("--seed <n>", "decides the sample", "1")
    .option("--skip-bad", "go on after records that cannot be read, and count them")
    .option("--json", "one JSON object on standard output")
    .action(async (file: string, options: AuditOptions) => {
      if (options.index === undefined && options.against === undefined)
        throw new CommandError(
          "Give --index, --against or both: an audit needs something to hold the questions to.",
          exitCodes.usage,
        );
      const signal = interruptSignal();
      const seed = wholeNumber("--seed", options.seed, 0);
      const limit = options.limit === undefined ? undefined : wholeNumber("--limit", options.limit, 1);
      const data = await readQuestionFile(file, options.skipBad === true);
      const questions = sampleQuestions(data.questions, limit, seed);
      const audit =
        options.index === undefined
          ? undefined
          : await audited(questions, { ...options, index: options.index }, signal);
      const against =
        options.against === undefined ? undefined : await readQuestionFile(options.against, options.skipBad === true);
      const shared = against && contamination(questions, against.questions);
      const other = shared && {
        file: options.against!,
        questions: against.questions.length,
        bad: against.bad.length,
        shared,
      };
      if (options.json)
        printJson({ questions: questions.length, bad: data.bad.length, corpus: audit ?? null, against: other ?? null });
      else {
        if (audit) printAudit(audit);
        if (other) printShared(questions.length, other.questions, other.shared);
      }
    });
  addRetrieverOptions(command);
}

async function audited(
  questions: Parameters<typeof auditCorpus>[0]["questions"],
  options: AuditOptions & { index: string },
  signal: AbortSignal,
): Promise<CorpusAudit> {
  const mode = SearchMode.safeParse(options.mode);
  if (!mode.success) throw new CommandError("--mode is words, vectors or hybrid.", exitCodes.usage);
  const k = wholeNumber("-k", options.k, 1);
  const corpus = await chosenCorpus(options, mode.data, signal);
  const progress = auditProgress(options.json === true);
  try {
    const audit = await auditCorpus(
      { questions, retriever: corpus.retriever, passages: corpus.passages, k },
      signal,
      progress.update,
    );
    if (audit.failedSearches >= audit.questions) throw new CommandError(audit.failure ?? "Every search failed.");
    return audit;
  } catch (error) {
    if (signal.aborted) throw new CommandError("Stopped.", exitCodes.interrupted, { cause: error });
    throw error;
  } finally {
    progress.stop();
    await corpus.close();
  }
}

function printAudit(audit: CorpusAudit): void {
  const { k } = audit;
  print(counted(audit.questions, "question"));
  line("gold answer in the corpus", audit.goldInCorpus);
  line(`gold answer in the top ${k}`, audit.goldInTopK);
  line("supports in the corpus", audit.supportsInCorpus);
  line(`a support in the top ${k}`, audit.someSupportInTopK);
  line(`all supports in the top ${k}`, audit.supportsInTopK);
  for (const { hop, answerInCorpus, answerInTopK, passageInTopK } of audit.hops) {
    print(`hop ${hop}`);
    line("answer in the corpus", answerInCorpus);
    line(`answer in the top ${k}`, answerInTopK);
    line(`its passage in the top ${k}`, passageInTopK);
  }
  if (audit.failedSearches > 0)
    print(`${counted(audit.failedSearches, "search", "searches")} failed: ${oneLine(audit.failure ?? "", 200)}`);
  if (audit.missing.length > 0)
    print(
      `Gold answer in no passage: ${oneLine(audit.missing.slice(0, mostShown).join(", "), 600)}${audit.missing.length > mostShown ? ` and ${audit.missing.length - mostShown} more` : ""}`,
    );
}

function line(name: string, share: Share | null): void {
  if (!share || share.of === 0) return;
  print(
    `  ${name.padEnd(30)} ${((100 * share.count) / share.of).toFixed(1).padStart(5)} %   ${share.count} of ${share.of}`,
  );
}

function printShared(questions: number, others: number, shared: readonly Contaminated[]): void {
  const exact = shared.filter((each) => each.exact).length;
  print(
    `${exact} of ${questions} questions are among the ${others} others word for word; ${shared.length - exact} share ${Math.round(100 * nearlySame)} % of their words with one of them.`,
  );
  for (const { id, question, other, overlap, sameAnswer } of shared.slice(0, mostShown))
    print(
      `  ${(100 * overlap).toFixed(0).padStart(3)} %  ${oneLine(id, 40)}: ${oneLine(question, 90)}\n         ${oneLine(other.id, 40)}: ${oneLine(other.question, 90)}${sameAnswer ? "  (same answer)" : ""}`,
    );
  if (shared.length > mostShown) print(`  and ${shared.length - mostShown} more`);
}
