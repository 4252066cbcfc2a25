/** A text as one word of a POSIX shell, whatever is in it. Throws for a NUL, which no argument can hold. */
export function shellQuoted(text: string): string {
  if (text.includes("\0")) throw new RangeError("A shell word cannot hold a NUL character.");
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A name that ssh takes for a machine: an alias, a host or an address, perhaps with a user; never an option and never two words. */
export function isSshHost(text: string): boolean {
  return (
    text.length <= 255 &&
    /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[?[0-9A-Fa-f:.]+\]?)$/.test(text)
  );
}
