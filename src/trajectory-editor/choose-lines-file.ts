import { basename } from "node:path";
import * as vscode from "vscode";

const filesRemembered = 5;

const words = {
  evaluation: {
    title: "Add to Evaluation Set",
    name: "evaluation.questions.jsonl",
    memory: "searchlight.evaluationFiles",
  },
  tests: { title: "Add as Test", name: "rewards.tests.jsonl", memory: "searchlight.testFiles" },
} as const;

/** The file of JSON lines that something is to be added to: one that was chosen before, one that is there, or one to be made. */
export async function chooseLinesFile(
  into: keyof typeof words,
  memory: vscode.Memento,
): Promise<vscode.Uri | undefined> {
  const { title, name, memory: key } = words[into];
  const known = memory.get<string[]>(key, []);
  const here = vscode.workspace.workspaceFolders?.[0]?.uri;
  const items: (vscode.QuickPickItem & { pick(): Thenable<vscode.Uri | undefined> })[] = [
    ...known.map((path) => {
      const uri = vscode.Uri.file(path);
      return { label: basename(path), description: path, pick: () => Promise.resolve(uri) };
    }),
    {
      label: "$(folder-opened) Choose a File…",
      pick: () =>
        vscode.window
          .showOpenDialog({ title, ...(here ? { defaultUri: here } : {}), filters: { "JSON lines": ["jsonl"] } })
          .then((uris) => uris?.[0]),
    },
    {
      label: "$(new-file) New File…",
      pick: () =>
        vscode.window.showSaveDialog({
          title,
          ...(here ? { defaultUri: vscode.Uri.joinPath(here, name) } : {}),
          filters: { "JSON lines": ["jsonl"] },
        }),
    },
  ];
  const item = await vscode.window.showQuickPick(items, { title, placeHolder: "File of JSON lines to add to" });
  const uri = await item?.pick();
  if (uri)
    await memory.update(key, [uri.fsPath, ...known.filter((path) => path !== uri.fsPath)].slice(0, filesRemembered));
  return uri;
}
