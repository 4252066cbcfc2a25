import { join } from "node:path";
import * as vscode from "vscode";

/** Two questions in the form that is read, for a person to write over. */
const example = [
  {
    id: "q1",
    question: "Write a question that one passage of the documents answers.",
    golds: ["the answer", "the answer in other words"],
  },
  { id: "q2", question: "Write a question whose answer needs two passages.", golds: ["the answer"], hops: 2 },
]
  .map((row) => JSON.stringify(row))
  .join("\n");

/** Opens a file of questions to be filled, beside the documents. Answers no path: there is nothing to train on before it is filled. */
export async function startQuestionFile(documents: string): Promise<undefined> {
  const uri = vscode.Uri.file(join(documents, "questions.jsonl")).with({ scheme: "untitled" });
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), `${example}\n`));
  void vscode.window.showInformationMessage(
    "Write a question a line with its accepted answers, save the file, and launch again. About fifty questions are a start.",
  );
  return undefined;
}
