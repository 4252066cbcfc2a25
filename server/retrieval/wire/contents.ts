import { z } from "zod";
import type { Passage } from "../../../protocol/passage.ts";
import { type WireDocument, titleLine } from "./wire-form.ts";

/*
 * The document object that Search-R1 and ReCall share: `{"id": "7", "contents": "\"Title\"\ntext"}`. Servers of the same
 * families also answer `{title, text}` or bare strings.
 */

const Id = z.union([z.string(), z.number()]).transform(String).optional().catch(undefined);
const Contents = z.object({ id: Id, contents: z.string() });
const Fields = z.object({ id: Id, title: z.string(), text: z.string() });
const Bare = z.string().transform((text) => ({ title: "", text }));

/**
 * One document of a reply. `contents` is kept as the one string it is: what a profile writes of it (first line, rest) is
 * then what the reference programs write.
 */
export const ContentsDocument: z.ZodType<WireDocument> = z.union([
  Contents.transform(({ id, contents }) => ({ title: "", text: contents, ...(id === undefined ? {} : { id }) })),
  Fields.transform(({ id, title, text }) => ({ title, text, ...(id === undefined ? {} : { id }) })),
  Bare,
]);

export function contentsOf(passage: Passage): { id: string; contents: string } {
  const title = titleLine(passage.title);
  return { id: passage.id, contents: title ? `"${title}"\n${passage.text}` : passage.text };
}
