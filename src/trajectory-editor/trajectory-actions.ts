import * as vscode from "vscode";
import type { NotificationHandlers } from "../../protocol/message.ts";
import type { TrajectoryPlace } from "../../protocol/server-messages.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { fromViewer, toViewer } from "../../protocol/viewer-messages.ts";
import type { Params } from "../../protocol/message.ts";
import type { Request } from "../client/messages.ts";
import { chooseLinesFile } from "./choose-lines-file.ts";

type Actions = Pick<NotificationHandlers<typeof fromViewer>, "annotate" | "collect">;

interface ActionParts {
  request: Request;
  memory: vscode.Memento;
  /** Where the trajectory that the page names is kept; undefined where the page shows none of the name. */
  placeOf(params: { trajectoryId: string; key?: number | undefined }): TrajectoryPlace | undefined;
  /** The trajectory that the page shows, for what is offered as its answer. */
  shown(): Trajectory | null | undefined;
  annotated(params: Params<typeof toViewer.annotated>): void;
}

/** What pages let a person do with a trajectory. Each writes a file, so none does anything in Restricted Mode. */
export function trajectoryActions({ request, memory, placeOf, shown, annotated }: ActionParts): Actions {
  const gone = "The trajectory is no longer there; open it again.";
  return {
    annotate: async ({ trajectoryId, key, change }) => {
      const of = writable() ? placeOf({ trajectoryId, key }) : undefined;
      if (!of) return;
      const said = await request("annotate", { of, change });
      if (!said) throw new Error(gone);
      annotated({ trajectoryId, ...(key === undefined ? {} : { key }), annotations: said.annotations });
    },
    collect: async ({ trajectoryId, key, into }) => {
      const of = writable() ? placeOf({ trajectoryId, key }) : undefined;
      if (!of) return;
      const golds = into === "evaluation" ? await acceptedAnswers(shown()) : [];
      if (!golds) return;
      const file = await chooseLinesFile(into, memory);
      if (!file) return;
      const as = into === "evaluation" ? ({ kind: "question", golds } as const) : ({ kind: "test" } as const);
      const collected = await request("collect", { of, file: file.fsPath, as });
      if (!collected) throw new Error(gone);
      tell(file, into, collected);
    },
  };
}

function writable(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  void vscode.window
    .showWarningMessage("In Restricted Mode Searchlight writes no file; trust this workspace to annotate.", manage)
    .then((choice) => choice === manage && vscode.commands.executeCommand("workbench.trust.manage"));
  return false;
}

/** Undefined where the person gave up. */
async function acceptedAnswers(trajectory: Trajectory | null | undefined): Promise<string[] | undefined> {
  const known = trajectory?.golds ?? (trajectory?.answer?.abstained === false ? [trajectory.answer.text] : []);
  const written = await vscode.window.showInputBox({
    title: "Add to Evaluation Set",
    prompt: "Answers that count as right; part several with |",
    value: known.map((gold) => gold.replaceAll("|", " ").trim()).join(" | "),
    ignoreFocusOut: true,
    validateInput: (text) => (answersIn(text).length > 0 ? undefined : "An evaluation needs an answer to measure by."),
  });
  return written === undefined ? undefined : answersIn(written);
}

function answersIn(text: string): string[] {
  return text
    .split("|")
    .map((answer) => answer.trim())
    .filter((answer) => answer !== "");
}

function tell(
  file: vscode.Uri,
  into: "evaluation" | "tests",
  { added, count }: { added: boolean; count: number },
): void {
  const name = vscode.workspace.asRelativePath(file);
  const things = into === "evaluation" ? (count === 1 ? "question" : "questions") : count === 1 ? "test" : "tests";
  const how = into === "evaluation" ? "searchlight evaluate" : "searchlight score --check";
  const open = "Open File";
  void vscode.window
    .showInformationMessage(
      `${added ? "Added to" : "It was already in"} ${name}: ${count} ${things}. ${how} runs ${count === 1 ? "it" : "them"}.`,
      open,
    )
    .then((choice) => choice === open && vscode.commands.executeCommand("vscode.openWith", file, "default"));
}
