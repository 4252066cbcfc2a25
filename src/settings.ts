import * as vscode from "vscode";
import { ignorePatterns } from "../protocol/exclude-patterns.ts";
import type { ServerOptions } from "../protocol/server-messages.ts";
import { settingValues } from "../protocol/setting-values.ts";

const section = "searchlight";

/** What the server is started with: the open folders and the settings, as far as trust allows. */
export class Settings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: vscode.Disposable[];

  /** The folders, the trust or a setting that the server starts with changed. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = [
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if ([section, "http.proxy", "files.exclude"].some((name) => event.affectsConfiguration(name)))
          this.#changed.fire();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#changed.fire()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    ];
  }

  /**
   * The settings that name endpoints or models fall back to their defaults in Restricted Mode. The manifest already keeps
   * workspace values of them out there; this holds for values from anywhere.
   */
  current(): ServerOptions {
    const configuration = vscode.workspace.getConfiguration(section);
    const values = settingValues((name) => configuration.get(name));
    const editorProxy: unknown = vscode.workspace.getConfiguration("http").get("proxy");
    const proxy = values.proxy || (typeof editorProxy === "string" ? editorProxy : "");
    const trusted = vscode.workspace.isTrusted;
    return {
      folders: (vscode.workspace.workspaceFolders ?? [])
        .filter(({ uri }) => uri.scheme === "file")
        .map(({ name, uri }) => ({ name, path: uri.fsPath })),
      trusted,
      settings: {
        policy: trusted ? values.policy : "extractive",
        profile: values.profile,
        embedder: trusted ? values.embedder : "minilm",
        indexOnOpen: values.indexOnOpen,
        indexPlace: trusted ? values.indexPlace : "",
        exclude: [...values.exclude, ...ignorePatterns(vscode.workspace.getConfiguration("files").get("exclude"))],
        proxy: trusted ? proxy : "",
        "training.service": trusted ? values["training.service"] : "",
      },
    };
  }

  /** Writes the policy into the settings of this workspace or of the person. */
  async choosePolicy(policy: string, target: vscode.ConfigurationTarget): Promise<void> {
    await vscode.workspace.getConfiguration(section).update("policy", policy, target);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
