/**
 * The editor's `files.exclude` as patterns in the form of `.gitignore`. A pattern of the editor counts from the folder and has
 * braces for alternatives, which `.gitignore` has not. Entries that are off, or hang on a sibling file (`when`), exclude nothing.
 */
export function ignorePatterns(filesExclude: unknown): string[] {
  if (typeof filesExclude !== "object" || filesExclude === null) return [];
  return Object.entries(filesExclude)
    .filter(([, on]) => on === true)
    .flatMap(([pattern]) => alternatives(pattern))
    .map((pattern) => pattern.replace(/^\.\//, "").replace(/\s+$/, ""))
    .filter((pattern) => pattern !== "" && pattern.length <= longestPattern)
    .map((pattern) => (pattern.startsWith("/") || pattern.startsWith("**/") ? pattern : `/${pattern}`));
}

const longestPattern = 1_000;
const mostAlternatives = 200;

/** `a/{b,c{d,e}}` as `a/b`, `a/cd`, `a/ce`; a pattern of too many is left as it is. */
function alternatives(pattern: string): string[] {
  let open = [pattern];
  const closed: string[] = [];
  while (open.length > 0) {
    if (open.length + closed.length > mostAlternatives) return [pattern];
    // The innermost braces first, so that what is left is always well formed.
    open = open.flatMap((each) => {
      const braces = /\{([^{}]*)\}/.exec(each);
      if (!braces) {
        closed.push(each);
        return [];
      }
      const [before, after] = [each.slice(0, braces.index), each.slice(braces.index + braces[0].length)];
      return braces[1]!.split(",").map((choice) => before + choice + after);
    });
  }
  return closed;
}
