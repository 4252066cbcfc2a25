import { ulid } from "ulid";
import type { RolloutEvent } from "../protocol/rollout-events.ts";
import type { Trajectory } from "../protocol/trajectory.ts";
import { applyRolloutEvent } from "../protocol/rollout-events.ts";
import { ask } from "./ask.ts";
import type { Policy } from "./models/policy.ts";
import { wordsReady } from "./project.ts";
import { localRetriever } from "./retrieval/local.ts";
import { type LoadedProfile, builtInProfiles, loadProfile } from "./rollout/profile.ts";
import type { Session } from "./session.ts";
import { trainedProfile } from "./trained-policies.ts";

export interface QuestionRequest {
  question: string;
  policy?: string;
  profile?: string;
  follows?: string;
}

interface Running {
  controller: AbortController;
  trajectory?: Trajectory;
  done: Promise<void>;
}

/** The questions that run in this window: started, watched, stopped. */
export class Questions {
  readonly #session: Session;
  readonly #openPolicy: (id: string) => Promise<Policy>;
  readonly #publish: (trajectoryId: string, seq: number, event: RolloutEvent) => void;
  readonly #onFault: (where: string, error: unknown) => void;
  readonly #running = new Map<string, Running>();

  constructor(
    session: Session,
    openPolicy: (id: string) => Promise<Policy>,
    publish: (trajectoryId: string, seq: number, event: RolloutEvent) => void,
    onFault: (where: string, error: unknown) => void,
  ) {
    this.#session = session;
    this.#openPolicy = openPolicy;
    this.#publish = publish;
    this.#onFault = onFault;
  }

  /** Starts a question and returns its id. Rejects with one sentence when there is nothing to ask about. */
  async start(request: QuestionRequest): Promise<string> {
    if (this.#session.folders.length === 0) {
      throw new Error("No folder is open, so there are no documents to ask about; open a folder first.");
    }
    const own = request.profile ? undefined : trainedProfile(choosePolicy(request, this.#session).policy);
    const named = request.profile || this.#session.settings.profile || "docs";
    if (!own && !this.#session.trusted && !builtInProfiles.some(({ name }) => name === named)) {
      throw new Error(
        `The profile ${named} is a file, and this folder is not trusted; trust it, or use a built-in profile.`,
      );
    }
    const profile: LoadedProfile = own
      ? { ok: true, profile: own }
      : await loadProfile(named, this.#session.folders[0]!.path);
    if (!profile.ok) throw new Error(profile.reason);
    const follows = request.follows ? await this.find(request.follows) : undefined;

    const id = ulid();
    const controller = new AbortController();
    const running: Running = { controller, done: Promise.resolve() };
    this.#running.set(id, running);
    let seq = 0;
    const onEvent = (event: RolloutEvent): void => {
      const before = running.trajectory?.id;
      const applied = applyRolloutEvent(running.trajectory, event);
      if (applied) running.trajectory = applied;
      // A fallback goes on under an id of its own, by which it can be stopped and found as well.
      if (running.trajectory && running.trajectory.id !== before) this.#running.set(running.trajectory.id, running);
      this.#publish(id, seq++, event);
    };
    running.done = this.#run(id, request, profile.profile, follows, controller.signal, onEvent)
      .catch((error: unknown) => this.#onFault("asking", error))
      .finally(() => {
        for (const [key, value] of this.#running) if (value === running) this.#running.delete(key);
      });
    return id;
  }

  stop(id: string): boolean {
    const running = this.#running.get(id);
    running?.controller.abort();
    return running !== undefined;
  }

  /** A trajectory of this window's folders, running or stored. */
  async find(id: string): Promise<Trajectory | undefined> {
    const running = this.#running.get(id)?.trajectory;
    if (running?.id === id) return running;
    for (const project of await this.#session.projects()) {
      const stored = await project.store.get(id);
      if (stored) return stored;
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const running of this.#running.values()) running.controller.abort();
    await Promise.allSettled([...this.#running.values()].map((running) => running.done));
  }

  async #run(
    id: string,
    request: QuestionRequest,
    profile: Parameters<typeof ask>[0]["profile"],
    follows: Trajectory | undefined,
    signal: AbortSignal,
    onEvent: (event: RolloutEvent) => void,
  ): Promise<void> {
    this.#session.updateAll();
    const [projects, indexes] = await Promise.all([this.#session.projects(), this.#session.indexes()]);
    await Promise.all(indexes.map((index) => wordsReady(index, signal)));
    const { policy, why } = choosePolicy(request, this.#session);
    await ask(
      { id, question: request.question, policy, why, profile, fallback: "extractive", ...(follows ? { follows } : {}) },
      {
        folders: this.#session.searched,
        retriever: localRetriever(indexes),
        // A question over several folders is kept with the first; lists merge the stores of all.
        store: projects[0]!.store,
        openPolicy: this.#openPolicy,
      },
      { signal, onEvent },
    );
  }
}

function choosePolicy(request: QuestionRequest, session: Session): { policy: string; why: string } {
  if (request.policy) return { policy: request.policy, why: "chosen for this question" };
  if (session.settings.policy && session.settings.policy !== "extractive") {
    return { policy: session.settings.policy, why: "chosen in the settings" };
  }
  return { policy: "extractive", why: "the embedded default, which needs no model" };
}
