import { dirname, join, relative, sep } from "node:path";
import * as vscode from "vscode";
import { endpointFault } from "../models/policy-id.ts";
import type { Parts } from "../parts.ts";
import { draftText, type DraftAnswers, type Plan, recipeName, type Size } from "./recipe-draft.ts";
import { startQuestionFile } from "./question-file.ts";
import { trustedTo } from "./trust.ts";

/** What was answered so far; absolute paths. */
interface Chosen {
  documents: string;
  questions: string;
  model: string;
  engine: string | undefined;
  size: Size;
  stages: Plan;
}

/**
 * Makes a recipe by questions, saves it where the person says, and shows it. Nothing is started: that is what the lenses above the
 * recipe are for, once it was read.
 */
export async function launchTraining(parts: Parts): Promise<void> {
  if (!trustedTo("launch training")) return;
  const choices = await vscode.window.withProgress(
    { location: { viewId: "searchlight.runs" }, title: "Looking for models and questions" },
    () => parts.server.request("recipeChoices", {}),
  );
  const chosen = await ask(parts, choices);
  if (!chosen) return;
  const base = recipeName(`${chosen.documents.split(sep).at(-1)}-${chosen.size}`);
  const target = await vscode.window.showSaveDialog({
    title: "Save the recipe",
    defaultUri: vscode.Uri.file(join(dirname(chosen.questions), `${base}.recipe.jsonc`)),
    filters: { Recipes: ["recipe.jsonc"] },
  });
  if (!target) return;
  const uri = target.path.endsWith(".recipe.jsonc")
    ? target
    : target.with({ path: `${target.path.replace(/\.jsonc?$/, "")}.recipe.jsonc` });
  const answers: DraftAnswers = {
    ...chosen,
    name: recipeName(
      uri.path
        .split("/")
        .at(-1)!
        .replace(/\.recipe\.jsonc$/, ""),
    ),
    documents: fromRecipe(uri, chosen.documents),
    questions: fromRecipe(uri, chosen.questions),
    model: chosen.model.includes(sep) ? fromRecipe(uri, chosen.model) : chosen.model,
  };
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(draftText(answers)));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  const [dryRun, launch] = ["Dry Run", "Launch…"];
  const choice = await vscode.window.showInformationMessage(
    "The recipe is ready. A dry run tries the whole path with a tiny model; launching checks the recipe and shows its cost first.",
    dryRun,
    launch,
  );
  if (choice === dryRun) await vscode.commands.executeCommand("searchlight.dryRunRecipe", uri);
  if (choice === launch) await vscode.commands.executeCommand("searchlight.launchRecipe", uri);
}

interface Choices {
  models: readonly { name: string; about: string }[];
  questionFiles: readonly { path: string; questions: number; golds: number }[];
}

async function ask(parts: Parts, { models, questionFiles }: Choices): Promise<Chosen | undefined> {
  const documents = await askDocuments();
  if (documents === undefined) return undefined;
  const questions = await askQuestions(questionFiles, documents);
  if (questions === undefined) return undefined;
  const model = await askModel(models);
  if (model === undefined) return undefined;
  const engine = await askEngine(parts);
  if (engine === undefined) return undefined;
  const size = await pick<Size>("How much to train (5 of 6)", [
    ["Try-out", "try-out", "2 iterations of 16 rollouts: minutes on any machine, to see that everything works."],
    ["Small", "small", "20 iterations of 64 rollouts: an hour or so for a small model on a CPU."],
    ["Full", "full", "As in the paper: 1,024 rollouts an iteration, four optimiser steps. Wants GPUs."],
  ]);
  if (size === undefined) return undefined;
  const stages = await pick<Plan>("What is rewarded (6 of 6)", [
    [
      "Two stages, as in the paper",
      "two-stages",
      "First that it searches and keeps the form, then that the answer is right.",
    ],
    ["Answers alone", "answers", "For a model that already knows how to search."],
    [
      "Supervised start, then answers",
      "supervised-then-answers",
      "For a base model: imitates searches made by a program first.",
    ],
  ]);
  if (stages === undefined) return undefined;
  return { documents, questions, model, engine: engine.url, size, stages };
}

async function askDocuments(): Promise<string | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const items = [
    ...folders.map(({ name, uri }) => ({ label: name, detail: uri.fsPath, path: uri.fsPath })),
    { label: "Another folder…", detail: "", path: undefined },
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: "Documents that the policy learns to search (1 of 6)",
    ignoreFocusOut: true,
  });
  if (!choice) return undefined;
  return choice.path ?? pickPath("Folder of documents", "folder");
}

async function askQuestions(found: Choices["questionFiles"], documents: string): Promise<string | undefined> {
  const items = [
    ...found.map(({ path, questions, golds }) => ({
      label: relative(documents, path).startsWith("..") ? path : relative(documents, path),
      description: `${golds} of ${questions} questions have gold answers`,
      act: () => path as string | undefined,
    })),
    { label: "Another file…", description: "", act: () => pickPath("File of questions", "file") },
    {
      label: "Write questions",
      description: "Opens an example to go on from; launch again when it is filled.",
      act: () => startQuestionFile(documents),
    },
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: "Questions with gold answers (2 of 6)",
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return choice?.act();
}

async function askModel(models: Choices["models"]): Promise<string | undefined> {
  const items = [
    {
      label: "tiny",
      description: "Made from the documents; learns little, runs anywhere.",
      act: () => "tiny" as string | undefined,
    },
    ...models.map(({ name, about }) => ({ label: name, description: about, act: () => name as string | undefined })),
    {
      label: "A model folder…",
      description: "config.json, tokenizer.json and safetensors",
      act: () => pickPath("Model folder", "folder"),
    },
  ];
  const choice = await vscode.window.showQuickPick(items, { title: "Model (3 of 6)", ignoreFocusOut: true });
  return choice?.act();
}

async function askEngine(parts: Parts): Promise<{ url: string | undefined } | undefined> {
  const where = await pick<"local" | "remote">("Engine that holds the weights (4 of 6)", [
    ["On this machine", "local", "Started by the run on the CPU and stopped with it."],
    ["One that runs already", "remote", "A Tinker-protocol server, on GPUs elsewhere."],
  ]);
  if (where === undefined) return undefined;
  if (where === "local") return { url: undefined };
  const url = await vscode.window.showInputBox({
    title: "Address of the engine",
    placeHolder: "http://127.0.0.1:8000",
    validateInput: endpointFault,
    ignoreFocusOut: true,
  });
  if (!url) return undefined;
  const engine = url.trim();
  const token = await vscode.window.showInputBox({
    title: `Token for ${engine}`,
    prompt:
      "Of the proxy before it; kept in the editor's secret storage. Leave it empty where none is wanted or one is stored.",
    password: true,
    ignoreFocusOut: true,
  });
  if (token === undefined) return undefined;
  if (token.trim() !== "" && !(await parts.keys.put(engine, token.trim())))
    void vscode.window.showWarningMessage(
      "The editor could not keep the token on this machine; set the environment variable SEARCHLIGHT_ENGINE_TOKEN instead.",
    );
  return { url: engine };
}

async function pick<T extends string>(title: string, choices: [label: string, value: T, detail: string][]) {
  const items = choices.map(([label, value, detail]) => ({ label, detail, value }));
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.value;
}

async function pickPath(title: string, kind: "file" | "folder"): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title,
    canSelectFiles: kind === "file",
    canSelectFolders: kind === "folder",
  });
  return picked?.[0]?.fsPath;
}

/** A path as the recipe writes it. */
function fromRecipe(recipe: vscode.Uri, path: string): string {
  return relative(dirname(recipe.fsPath), path).replaceAll(sep, "/") || ".";
}
