import * as vscode from "vscode";
import type { TrajectorySummary } from "../../protocol/server-messages.ts";
import type { ServerLink } from "../client/server-link.ts";
import type { Faults } from "../faults.ts";
import type { LiveQuestion } from "../questions/live-question.ts";
import type { Questions } from "../questions/questions.ts";
import type { Settings } from "../settings.ts";
import { describeRun } from "./run-text.ts";

const listed = 500;

/** Past questions of the open folders, the running ones first; a click shows one in the Trajectory view. */
export class RunsTree implements vscode.TreeDataProvider<TrajectorySummary>, vscode.Disposable {
  readonly #server: ServerLink;
  readonly #questions: Questions;
  readonly #settings: Settings;
  readonly #report: Faults["report"];
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(server: ServerLink, questions: Questions, settings: Settings, report: Faults["report"]) {
    this.#server = server;
    this.#questions = questions;
    this.#settings = settings;
    this.#report = report;
    const refresh = (): void => this.#changed.fire();
    this.#subscriptions = [
      this.#changed,
      questions.onDidChangeRunning(() => {
        refresh();
        void vscode.commands.executeCommand("setContext", "searchlight.running", questions.anyRunning);
      }),
      questions.onDidEnd(refresh),
      server.onDidStart(refresh),
      settings.onDidChange(refresh),
    ];
  }

  async getChildren(element?: TrajectorySummary): Promise<TrajectorySummary[]> {
    if (element || this.#settings.current().folders.length === 0 || this.#server.state === "given-up") return [];
    const running = this.#questions.running.flatMap(summaryOf);
    const trajectories = await this.#stored();
    const ids = new Set(running.map(({ id }) => id));
    return [...running, ...trajectories.filter(({ id }) => !ids.has(id))];
  }

  /** A server that stops meanwhile is told of elsewhere; its successor brings the list. */
  async #stored(): Promise<TrajectorySummary[]> {
    try {
      return (await this.#server.request("trajectories", { limit: listed })).trajectories;
    } catch (error) {
      this.#report("listing past questions", error);
      return [];
    }
  }

  getTreeItem(summary: TrajectorySummary): vscode.TreeItem {
    const { icon, description, detail } = describeRun(summary);
    const item = new vscode.TreeItem(summary.question);
    item.id = summary.id;
    item.description = description;
    item.tooltip = `${summary.question}\n${description}\n${detail}`;
    item.iconPath = new vscode.ThemeIcon(icon);
    item.accessibilityInformation = { label: `${summary.question}, ${description}` };
    item.command = { command: "searchlight.openTrajectory", title: "Open Trajectory", arguments: [summary.id] };
    return item;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function summaryOf({ trajectory }: LiveQuestion): TrajectorySummary[] {
  if (!trajectory) return [];
  const { id, createdAt, question, policy, profile, searches } = trajectory;
  return [{ id, createdAt, status: "running", question, policy: policy.label, profile, searches: searches.length }];
}
