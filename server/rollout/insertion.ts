import type { Hit, Passage } from "../../protocol/passage.ts";
import { type ToldFolder, formatToldPlace } from "../../protocol/told-folders.ts";
import { breakTags, neutralise } from "./control-tags.ts";
import type { Insertion, Profile } from "./profile.ts";
import { strip, stripRowNumber } from "./python-text.ts";

/** The block that the environment writes after a query. */
export interface Block {
  text: string;
  /** Control tags that were neutralised in it. */
  neutralised: number;
}

/** Writes hits as the profile says. `first` is the number of the first document; `told` names the folder of a place whose path does not tell it. */
export function documentsBlock(
  hits: readonly Hit[],
  { insertion, tags, stops }: Pick<Profile, "insertion" | "tags" | "stops">,
  first: number,
  told: ToldFolder = () => undefined,
): Block {
  const documents = hits.map(({ passage }, index) => documentText(passage, insertion, first + index, told)).join("");
  const written = insertion.cutSpace ? strip(documents) : documents;
  // Neutralised as a whole, so that no tag can come together at the border of two fields or documents.
  const known = neutralise(hits.length === 0 ? insertion.none : written);
  const own = breakTags(known.text, [...Object.values(tags), ...stops]);
  return { text: insertion.before + own.text + insertion.after, neutralised: known.count + own.count };
}

function documentText(passage: Passage, insertion: Insertion, number: number, told: ToldFolder): string {
  const template = passage.title === "" ? insertion.untitledDocument : insertion.document;
  const text = insertion.rowNumbers === "strip" ? stripRowNumber(passage.text) : passage.text;
  const fields: Record<string, string> = {
    number: String(number),
    title: passage.title,
    place: passage.place ? formatToldPlace(passage.place, told) : passage.id,
    text,
    firstLine: text.split("\n", 1)[0]!,
    rest: text.split("\n").slice(1).join("\n"),
  };
  // One pass over the template: a field's own braces are never taken for a field.
  return template.replace(/\{(number|title|place|text|firstLine|rest)\}/g, (_, field: string) => fields[field]!);
}
