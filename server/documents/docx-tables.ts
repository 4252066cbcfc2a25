import { z } from "zod";

/** What of a part of a document, as mammoth takes it from the file, tells of tables. */
const Part = z.looseObject({
  type: z.string(),
  children: z.array(z.unknown()).optional(),
  styleName: z.string().nullish(),
  isHeader: z.boolean().nullish(),
  isBold: z.boolean().nullish(),
  value: z.string().optional(),
});
type Part = z.infer<typeof Part>;

/** Styles of Word that set nothing of a first row apart. */
const plainStyles = /^(?:table (?:grid|normal)|normal table|grid table light|table grid light)$/iu;
/** Parts inside each other; a hostile file has more. */
const deepest = 200;

/**
 * Marks the first row of each table that stands out as its header: few writers say in the file that a row is one, but make it bold, or choose one of
 * Word's designs, all of which set the first row apart. Nothing is marked where a row is said to be a header, or where the table has but one row or
 * column. For mammoth's `transformDocument`: gives the document changed in place.
 */
export function markHeaders<T>(document: T): T {
  visit(document, 0);
  return document;
}

function visit(element: unknown, depth: number): void {
  const part = Part.safeParse(element).data;
  if (!part || depth > deepest) return;
  const children = part.children ?? [];
  for (const child of children) visit(child, depth + 1);
  if (part.type !== "table") return;
  const rows = children.map((child) => Part.safeParse(child).data);
  const [first, ...others] = rows;
  if (!first || others.length === 0 || rows.some((row) => row?.isHeader)) return;
  if ((first.children ?? []).length < 2) return;
  const designed = part.styleName !== null && part.styleName !== undefined && !plainStyles.test(part.styleName);
  const standsOut = isBold(first) && !others.every((row) => row !== undefined && isBold(row));
  if (designed || standsOut) (children[0] as { isHeader: boolean }).isHeader = true;
}

/** Whether there is text below, all of it bold. */
function isBold(part: Part): boolean {
  const texts = textsOf(part, false, 0);
  return texts.length > 0 && texts.every((bold) => bold);
}

function textsOf(element: unknown, bold: boolean, depth: number): boolean[] {
  const part = Part.safeParse(element).data;
  if (!part || depth > deepest) return [];
  if (part.type === "text") return (part.value ?? "").trim() === "" ? [] : [bold];
  const inside = bold || part.isBold === true;
  return (part.children ?? []).flatMap((child) => textsOf(child, inside, depth + 1));
}
