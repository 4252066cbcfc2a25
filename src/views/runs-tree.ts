import * as vscode from "vscode";
import type { RunSummary } from "../../protocol/run.ts";
import type { TrajectorySummary } from "../../protocol/server-messages.ts";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { LiveQuestion } from "../questions/live-question.ts";
import type { Questions } from "../questions/questions.ts";
import type { Settings } from "../settings.ts";
import type { Runs } from "../training/runs.ts";
import { contextOf, describeTraining } from "../training/run-words.ts";
import { describeRun } from "./run-text.ts";

const listed = 500;

/** A row of the view: one of its two sections, a past question, a training run, or a sentence with something to do. */
export type RunsRow =
  | { kind: "section"; section: "questions" | "training" }
  | { kind: "question"; summary: TrajectorySummary }
  | { kind: "training"; run: RunSummary }
  | { kind: "note"; icon: string; label: string; command?: string };

export interface RunsTreeParts {
  server: ServerLink;
  questions: Questions;
  settings: Settings;
  runs: Runs;
  report: Faults["report"];
}

/** Past questions of the open folders, the running ones first, and the training runs of this machine and the attached service. */
export class RunsTree implements vscode.TreeDataProvider<RunsRow>, vscode.Disposable {
  readonly #parts: RunsTreeParts;
  readonly #changed = new vscode.EventEmitter<RunsRow | undefined>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #sections = {
    questions: { kind: "section", section: "questions" },
    training: { kind: "section", section: "training" },
  } as const satisfies Record<string, RunsRow>;
  /** Whether the sections are drawn, or the welcome. */
  #sectioned = false;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: RunsTreeParts) {
    this.#parts = parts;
    const { questions, server, settings, runs } = parts;
    const refresh = (): void => this.#changed.fire(undefined);
    this.#subscriptions = [
      this.#changed,
      questions.onDidChangeRunning(() => {
        refresh();
        void vscode.commands.executeCommand("setContext", "searchlight.running", questions.anyRunning);
      }),
      questions.onDidEnd(refresh),
      server.onDidStart(refresh),
      settings.onDidChange(refresh),
      // A run tells of itself every second or so: the questions beside it are not read again for that.
      runs.onDidChange(() => this.#changed.fire(this.#sectioned ? this.#sections.training : undefined)),
    ];
  }

  async getChildren(row?: RunsRow): Promise<RunsRow[]> {
    if (row?.kind === "section") return row.section === "questions" ? this.#questions() : this.#training();
    if (row) return [];
    const { server, settings, runs } = this.#parts;
    this.#sectioned = false;
    if (server.state === "given-up") return [];
    const { folders } = settings.current();
    if (folders.length === 0 && !runs.loaded) return [];
    if (!runs.loaded) await runs.refresh();
    const empty = folders.length === 0 || (await this.#questions()).length === 0;
    if (empty && runs.all.length === 0 && runs.trouble === undefined) return [];
    this.#sectioned = true;
    return [this.#sections.questions, this.#sections.training];
  }

  getParent(row: RunsRow): RunsRow | undefined {
    if (row.kind === "question") return this.#sections.questions;
    return row.kind === "training" || row.kind === "note" ? this.#sections.training : undefined;
  }

  getTreeItem(row: RunsRow): vscode.TreeItem {
    switch (row.kind) {
      case "section":
        return sectionItem(row.section);
      case "question":
        return questionItem(row.summary);
      case "training":
        return trainingItem(row.run);
      case "note": {
        const item = new vscode.TreeItem(row.label);
        item.iconPath = new vscode.ThemeIcon(row.icon);
        item.tooltip = row.label;
        if (row.command) item.command = { command: row.command, title: row.label };
        return item;
      }
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #questions(): Promise<RunsRow[]> {
    if (this.#parts.settings.current().folders.length === 0) return [];
    const running = this.#parts.questions.running.flatMap(summaryOf);
    const ids = new Set(running.map(({ id }) => id));
    const stored = (await this.#stored()).filter(({ id }) => !ids.has(id));
    return [...running, ...stored].map((summary) => ({ kind: "question", summary }));
  }

  #training(): RunsRow[] {
    const { all, trouble } = this.#parts.runs;
    const rows: RunsRow[] = all.map((run) => ({ kind: "training", run }));
    if (trouble !== undefined) {
      rows.push({ kind: "note", icon: "warning", label: trouble, command: "searchlight.attachTrainingService" });
    }
    if (rows.length === 0) {
      rows.push({ kind: "note", icon: "rocket", label: "Launch Training…", command: "searchlight.launchTraining" });
    }
    return rows;
  }

  /** A server that stops meanwhile is told of elsewhere; its successor brings the list. */
  async #stored(): Promise<TrajectorySummary[]> {
    try {
      return (await this.#parts.server.request("trajectories", { limit: listed })).trajectories;
    } catch (error) {
      this.#parts.report("listing past questions", error);
      return [];
    }
  }
}

function sectionItem(section: "questions" | "training"): vscode.TreeItem {
  const item = new vscode.TreeItem(
    section === "questions" ? "Questions" : "Training",
    vscode.TreeItemCollapsibleState.Expanded,
  );
  item.id = `section ${section}`;
  item.contextValue = `section.${section}`;
  return item;
}

function questionItem(summary: TrajectorySummary): vscode.TreeItem {
  const { icon, description, detail } = describeRun(summary);
  const item = new vscode.TreeItem(summary.question);
  item.id = summary.id;
  item.contextValue = "question";
  item.description = description;
  item.tooltip = `${summary.question}\n${description}\n${detail}`;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.accessibilityInformation = { label: `${summary.question}, ${description}` };
  item.command = { command: "searchlight.openTrajectory", title: "Open Trajectory", arguments: [summary.id] };
  return item;
}

function trainingItem(run: RunSummary): vscode.TreeItem {
  const { icon, colour, description, detail } = describeTraining(run);
  const item = new vscode.TreeItem(run.name);
  item.id = `training ${run.host ?? ""} ${run.id}`;
  item.contextValue = contextOf(run);
  item.description = description;
  item.tooltip = `${run.name}\n${description}\n${detail}`;
  item.iconPath = new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour));
  item.accessibilityInformation = { label: `Training run ${run.name}, ${description}` };
  item.command = { command: "searchlight.openRun", title: "Open Run", arguments: [run] };
  return item;
}

function summaryOf({ trajectory }: LiveQuestion): TrajectorySummary[] {
  if (!trajectory) return [];
  const { id, createdAt, question, policy, profile, searches } = trajectory;
  return [{ id, createdAt, status: "running", question, policy: policy.label, profile, searches: searches.length }];
}
