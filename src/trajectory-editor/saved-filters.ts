import * as vscode from "vscode";
import { SavedFilter, withSaved } from "../../protocol/saved-filter.ts";

const memoryKey = "searchlight.savedFilters";

/** The filters that a person keeps under names, for every file and window. */
export class SavedFilters {
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<SavedFilter[]>();
  readonly onDidChange = this.#changed.event;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** What another version kept in another form is left out. */
  get all(): SavedFilter[] {
    const kept = this.#memory.get<unknown[]>(memoryKey, []);
    return kept.flatMap((each) => SavedFilter.safeParse(each).data ?? []);
  }

  async save(saved: SavedFilter): Promise<void> {
    await this.#keep(withSaved(this.all, saved));
  }

  async remove(name: string): Promise<void> {
    await this.#keep(this.all.filter((each) => each.name !== name));
  }

  async #keep(filters: SavedFilter[]): Promise<void> {
    await this.#memory.update(memoryKey, filters);
    this.#changed.fire(filters);
  }
}
