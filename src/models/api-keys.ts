import type { Memento, SecretStorage } from "vscode";
import { normaliseEndpoint } from "./policy-id.ts";

const endpointsKey = "searchlight.endpointsWithKey";

/** Keys in the editor's secret storage, one an endpoint. The list of endpoints alone is kept outside of it. */
export class ApiKeys {
  readonly #secrets: SecretStorage;
  readonly #memory: Memento;

  constructor(secrets: SecretStorage, memory: Memento) {
    this.#secrets = secrets;
    this.#memory = memory;
  }

  endpoints(): readonly string[] {
    return this.#memory.get<string[]>(endpointsKey, []);
  }

  async get(endpoint: string): Promise<string | null> {
    return (await this.#secrets.get(secretName(endpoint))) || null;
  }

  /** Stores a key and reads it back. False when the editor did not keep it. An empty key removes the stored one. */
  async put(endpoint: string, key: string): Promise<boolean> {
    const name = secretName(endpoint);
    const others = this.endpoints().filter((each) => each !== normaliseEndpoint(endpoint));
    if (!key) {
      await this.#secrets.delete(name);
      await this.#memory.update(endpointsKey, others);
      return true;
    }
    await this.#secrets.store(name, key);
    await this.#memory.update(endpointsKey, [...others, normaliseEndpoint(endpoint)]);
    return (await this.#secrets.get(name)) === key;
  }
}

function secretName(endpoint: string): string {
  return `searchlight.key:${normaliseEndpoint(endpoint)}`;
}
