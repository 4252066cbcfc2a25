import * as vscode from "vscode";
import type { Params } from "../../protocol/message.ts";
import type { toServer } from "../../protocol/server-messages.ts";
import type { ClientHandlers } from "../client/messages.ts";
import { modelFault } from "./model-fault.ts";

type Chunk = Params<(typeof toServer)["editorModelChunk"]>;

/**
 * The editor's own language models, lent to the server. The editor asks the person for consent at the first request;
 * a refusal comes back as `unauthorised`.
 */
export function editorModels(
  context: vscode.ExtensionContext,
  sendChunk: (chunk: Chunk) => Promise<void>,
): Pick<ClientHandlers, "editorModels" | "editorModel"> {
  return {
    async editorModels() {
      const models = (await vscode.lm?.selectChatModels()) ?? [];
      return {
        models: models.map(({ vendor, id, name }) => ({
          policy: `editor:${vendor}/${id}`,
          label: name,
          server: `Editor: ${vendor}`,
        })),
      };
    },

    async editorModel({ call, model: wanted, messages, reason }, signal) {
      const source = new vscode.CancellationTokenSource();
      const cancel = (): void => source.cancel();
      signal.addEventListener("abort", cancel, { once: true });
      try {
        const model = await find(wanted);
        if (!model) return modelFault({ code: "NotFound", message: `no model “${wanted}”` }, false);
        if (context.languageModelAccessInformation.canSendRequest(model) === false) {
          return modelFault({ code: "NoPermissions", message: "consent was not given" }, false);
        }
        const turns = messages.map(({ role, content }) =>
          role === "user"
            ? vscode.LanguageModelChatMessage.User(content)
            : vscode.LanguageModelChatMessage.Assistant(content),
        );
        const response = await model.sendRequest(turns, { justification: reason }, source.token);
        for await (const part of response.stream) {
          if (part instanceof vscode.LanguageModelTextPart) await sendChunk({ call, text: part.value });
        }
        return source.token.isCancellationRequested ? modelFault({}, true) : { status: "ok" };
      } catch (error) {
        return modelFault(error as object, source.token.isCancellationRequested);
      } finally {
        signal.removeEventListener("abort", cancel);
        source.dispose();
      }
    },
  };
}

/** `VENDOR/ID`, where an id may itself contain slashes; a bare id is accepted as well. */
async function find(wanted: string): Promise<vscode.LanguageModelChat | undefined> {
  const models = (await vscode.lm?.selectChatModels()) ?? [];
  return models.find(({ vendor, id }) => `${vendor}/${id}` === wanted) ?? models.find(({ id }) => id === wanted);
}
