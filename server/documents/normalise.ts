/**
 * The form in which a quote is compared with a file: Unicode NFC, every run of white space one space, none at the ends.
 * Byte equality of two such forms is what "verified" means.
 */
export function normalise(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}
