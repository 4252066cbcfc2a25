import { resolve } from "node:path";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Command } from "commander";
import { ask } from "../ask.ts";
import { openPolicy, parsePolicyId } from "../models/policy-id.ts";
import { localRetriever } from "../retrieval/local.ts";
import { openTrained, trainedProfile } from "../trained-policies.ts";
import { askJson } from "./ask-json.ts";
import { askPrinter } from "./ask-print.ts";
import { type RunningUpdate, updateWithProgress } from "./index-progress.ts";
import { profileFor } from "./named-choices.ts";
import { namedPlace } from "./named-place.ts";
import { CommandError, exitCodes, interruptSignal, note, printJson } from "./output.ts";
import { openCommandProject } from "./project-argument.ts";
import { type RetrieverOptions, addRetrieverOptions, namesFolder, openNamedRetriever } from "./retriever-options.ts";

interface AskOptions extends RetrieverOptions {
  retriever?: string;
  policy: string;
  profile?: string;
  follows?: string;
  fallback: boolean;
  embedder: string;
  json?: boolean;
}

export function addAskCommand(program: Command): void {
  const command = program
    .command("ask")
    .description(
      "Ask a question about the documents of a folder; prints the hops, the answer and its checked citations.",
    )
    .argument("<dir>", "folder of documents")
    .argument("<question>", "in words, between quotation marks")
    .option("--policy <id>", "extractive, trained:NAME, openai:MODEL@URL, openai-chat:MODEL@URL", "extractive")
    .option("--profile <name>", "profile name, or a profile file (default: docs, or as the policy was trained)")
    .option("--follows <id>", "trajectory that this question follows up")
    .option("--embedder <id>", "minilm, openai:MODEL@URL or none", "minilm")
    .option("--retriever <spec>", "search there instead: r1:URL, search-r1:URL, recall:URL, web:PROVIDER, replay:FILE")
    .option("--no-fallback", "fail when the policy fails, instead of answering with the extractive policy")
    .option("--json", "one JSON object on standard output")
    .action(async (dir: string, question: string, options: AskOptions) => {
      await runAsk(dir, question, options);
    });
  addRetrieverOptions(command);
}

async function runAsk(dir: string, question: string, options: AskOptions): Promise<void> {
  if (!question.trim())
    throw new CommandError("The question is empty; write it between quotation marks.", exitCodes.usage);
  const signal = interruptSignal();
  const profile = await profileFor(options.policy, options.profile, "docs");
  const policy = parsePolicyId(options.policy);
  if (!policy.ok) throw new CommandError(policy.reason, exitCodes.usage);
  // A name that was never there is a slip, not a policy that fails: no other one answers in its place.
  if (policy.policy.kind === "trained" && !trainedProfile(options.policy))
    throw new CommandError(
      `There is no trained policy ${policy.policy.name}; searchlight models lists those there are.`,
      exitCodes.usage,
    );
  if (options.retriever !== undefined && namesFolder(options.retriever)) {
    throw new CommandError(
      "--retriever names a server, the web or a recording; the folder to search is the first argument.",
      exitCodes.usage,
    );
  }
  await using project = await openCommandProject(dir, options.embedder);
  const follows = options.follows ? await project.store.get(options.follows) : undefined;
  if (options.follows && !follows) {
    throw new CommandError(
      `There is no trajectory ${options.follows}; searchlight trajectories list shows those there are.`,
      exitCodes.usage,
    );
  }
  let indexing: RunningUpdate | undefined;
  const retriever = await openNamedRetriever(options.retriever ?? resolve(dir), options, async () => {
    indexing = await updateWithProgress(project, { json: options.json === true, until: "words", signal });
    return localRetriever(project.indexes);
  });

  const printer = options.json ? undefined : askPrinter();
  const trajectory = await ask(
    {
      question,
      policy: options.policy,
      why: options.policy === "extractive" ? "the embedded default, which needs no model" : "given by --policy",
      profile,
      ...(follows ? { follows } : {}),
      ...(options.fallback ? { fallback: "extractive" } : {}),
    },
    {
      folders: project.folders,
      retriever,
      store: project.store,
      openPolicy: (id) => openPolicy(id, { trained: (name) => openTrained(name, options.json ? undefined : note) }),
    },
    { signal, onEvent: (event) => printer?.event(event) },
  );
  indexing?.stop();
  await indexing?.done;

  if (options.json) printJson(askJson(trajectory));
  else printer?.finish(trajectory);
  reportEnd(trajectory, options);
}

/** A question that could not be asked to its end is a failure of the command; an abstention is an answer. */
function reportEnd(trajectory: Trajectory, options: AskOptions): void {
  const reason = trajectory.stop?.reason;
  if (reason === "cancelled") throw new CommandError("Stopped; the trajectory so far is kept.", exitCodes.interrupted);
  if (reason === "retrieval-error") throw new CommandError(trajectory.stop?.detail ?? "The search failed.");
  if (reason === "policy-error") {
    throw new CommandError(trajectory.stop?.detail ?? `The policy ${options.policy} failed.`);
  }
  if (!options.json) {
    for (const citation of trajectory.answer?.citations ?? []) {
      if (citation.status !== "verified" && citation.place) {
        note(
          `Citation ${citation.number} is ${citation.status}: ${namedPlace(citation.place, trajectory.index.folders)}`,
        );
      }
    }
  }
}
