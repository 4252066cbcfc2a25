import * as vscode from "vscode";
import type { Request } from "../client/messages.ts";
import { describeRun } from "../views/run-text.ts";

const listed = 500;
/** A search is sent when no more is written for so long. */
const writingMilliseconds = 150;

interface QuestionItem extends vscode.QuickPickItem {
  id: string;
}

/**
 * The id of a past question that a person picks; what they write is looked for in questions, transcripts and queries. Undefined where
 * there is none or none was picked.
 */
export async function pickTrajectory(
  { server }: { server: { request: Request } },
  title: string,
): Promise<string | undefined> {
  const latest = await itemsFor(server.request, "");
  if (latest.length === 0) {
    void vscode.window.showInformationMessage("No question has been asked in this workspace.");
    return undefined;
  }
  const pick = vscode.window.createQuickPick<QuestionItem>();
  Object.assign(pick, { title, placeholder: 'Words and "phrases" of a question or its transcript', items: latest });
  let writing: NodeJS.Timeout | undefined;
  let asked = new AbortController();
  pick.onDidChangeValue((value) => {
    clearTimeout(writing);
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    pick.busy = true;
    writing = setTimeout(() => {
      void itemsFor(server.request, value, signal).then(
        (items) => {
          if (signal.aborted) return;
          pick.items = items;
          pick.busy = false;
        },
        // A search that failed leaves what is listed; the server's own notice says what is wrong.
        () => {
          if (!signal.aborted) pick.busy = false;
        },
      );
    }, writingMilliseconds);
  });
  try {
    return await new Promise<string | undefined>((resolve) => {
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.id));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    clearTimeout(writing);
    asked.abort();
    pick.dispose();
  }
}

async function itemsFor(request: Request, text: string, signal?: AbortSignal): Promise<QuestionItem[]> {
  const filter = text.trim() === "" ? {} : { text };
  const { trajectories } = await request("trajectories", { limit: listed, filter }, signal);
  return trajectories.map((summary) => {
    const { description, detail } = describeRun(summary);
    // The server decides what is listed, not the letters of the label.
    return { label: summary.question, description, detail, id: summary.id, alwaysShow: true };
  });
}
