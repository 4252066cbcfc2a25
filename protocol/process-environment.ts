/**
 * What is added to the environment of a process that works on an index for long. The threads of LanceDB each get a heap of glibc's allocator, and
 * what is freed in one is of no use to another: with two heaps for all the process takes about two thirds. Other systems do not read it.
 */
export function longLivedEnvironment(given: Readonly<Record<string, string | undefined>>): {
  MALLOC_ARENA_MAX: string;
} {
  return { MALLOC_ARENA_MAX: given["MALLOC_ARENA_MAX"] ?? "2" };
}
