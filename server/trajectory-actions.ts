import type { AnnotationChange, Annotations } from "../protocol/annotations.ts";
import type { TrajectoryPlace } from "../protocol/server-messages.ts";
import type { Trajectory } from "../protocol/trajectory.ts";
import { addQuestion, addTest, type Collected } from "./editor/collect-trajectory.ts";
import type { TrajectoryFiles } from "./editor/trajectory-files.ts";
import type { Questions } from "./questions.ts";
import type { Session } from "./session.ts";
import { type AnnotationFile, storeAnnotations } from "./trajectories/annotations/annotation-file.ts";
import { subjectOf } from "./trajectories/annotations/subject.ts";

/** What a person does with a trajectory, wherever it is kept. */
export class TrajectoryActions {
  readonly #session: Session;
  readonly #questions: Questions;
  readonly #files: TrajectoryFiles;

  constructor(parts: { session: Session; questions: Questions; files: TrajectoryFiles }) {
    this.#session = parts.session;
    this.#questions = parts.questions;
    this.#files = parts.files;
  }

  /** What is said of a stored trajectory. */
  async said(trajectory: Trajectory): Promise<Annotations | undefined> {
    const annotations = await this.#storeOf(trajectory.id);
    annotations?.refresh();
    return annotations?.of(subjectOf(trajectory));
  }

  async annotate(of: TrajectoryPlace, change: AnnotationChange): Promise<{ annotations: Annotations } | null> {
    if (of.kind === "file") {
      const annotations = await this.#files.annotate(of.path, of.key, change);
      return annotations && { annotations };
    }
    const [trajectory, store] = [await this.#questions.find(of.id), await this.#storeOf(of.id)];
    return trajectory && store ? { annotations: store.add(subjectOf(trajectory), change) } : null;
  }

  async collect(
    of: TrajectoryPlace,
    file: string,
    as: { kind: "question"; golds: readonly string[] } | { kind: "test" },
  ): Promise<Collected | null> {
    const trajectory =
      of.kind === "file" ? await this.#files.trajectory(of.path, of.key) : await this.#questions.find(of.id);
    if (!trajectory) return null;
    return as.kind === "question" ? addQuestion(trajectory, as.golds, file) : addTest(trajectory, file);
  }

  /** The notes beside the store that holds a trajectory. */
  async #storeOf(id: string): Promise<AnnotationFile | undefined> {
    for (const { store, folder } of await this.#session.projects())
      if (await store.get(id)) return storeAnnotations(folder.trajectoriesHome);
    return undefined;
  }
}
