import type { StoredFilter } from "../../protocol/stored-filter.ts";
import { noAnnotations } from "../../protocol/annotations.ts";
import type { AnnotationFile } from "./annotations/annotation-file.ts";
import { marksMeet } from "./file/choose-rows.ts";

/** Which stored trajectories a filter admits by what people said of them. */
export interface StoredMarks {
  /** Whether the trajectory of an id is admitted. */
  admits(id: string): boolean;
  /** All that can be admitted, where that is not nearly everything. */
  only: readonly string[] | undefined;
}

/**
 * Reads what was said of the trajectories of a store and tells which a filter admits; undefined where it asks nothing of that. Ids of a
 * store name one trajectory each, so that the id is what counts of a subject. Throws what the file system throws.
 */
export function storedMarks(annotations: AnnotationFile, filter: StoredFilter): StoredMarks | undefined {
  if (filter.tag === undefined && filter.marked === undefined) return undefined;
  annotations.refresh();
  const said = new Map([...annotations.all].map(([subject, each]) => [idOf(subject), marksMeet(each, filter)]));
  const unsaid = marksMeet(noAnnotations, filter);
  return {
    admits: (id) => said.get(id) ?? unsaid,
    only: unsaid ? undefined : [...said].flatMap(([id, admitted]) => (admitted ? [id] : [])),
  };
}

/** The id in a subject: `id` or `id#hash of the text`. */
function idOf(subject: string): string {
  const mark = subject.lastIndexOf("#");
  return mark < 0 ? subject : subject.slice(0, mark);
}
