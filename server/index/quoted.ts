/** A text as a literal of LanceDB's filters, which have no bound parameters: a quote inside is doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
