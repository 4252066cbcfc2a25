/** What the file system says, as the verb of a sentence that begins with the path. */
const said: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "lies under a file as if that were a folder",
  ENAMETOOLONG: "has a name that is too long for a file",
  ELOOP: "is a link that leads back to itself",
  EISDIR: "is a folder",
  EEXIST: "is there already",
  ENOSPC: "cannot be written because the disk is full",
  EDQUOT: "cannot be written because no more of the disk is allowed to this user",
  EROFS: "is on a disk that cannot be written",
  EMFILE: "cannot be opened because too many files are open",
};

/**
 * Why a file or folder could not be read: the rest of a sentence that begins with its path and goes on with what to do, as in
 * `${path} ${whyUnread(error)}; name another file.` A code that has no words of its own is told as it is.
 */
export function whyUnread(error: unknown): string {
  return wordsFor(error, "read");
}

/** Why a file or folder could not be written, in the same form. */
export function whyUnwritten(error: unknown): string {
  return codeOf(error) === "ENOENT"
    ? "cannot be written because its folder does not exist"
    : wordsFor(error, "written");
}

/** Whether the file system failed, and not the program that asked it or what was read. */
export function isFileFailure(error: unknown): boolean {
  return codeOf(error) !== undefined;
}

function wordsFor(error: unknown, done: "read" | "written"): string {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM") return `may not be ${done} by this user`;
  return said[code ?? ""] ?? `cannot be ${done}${code === undefined ? "" : ` (${code})`}`;
}

/** Codes of the operating system; those of Node itself begin with ERR_. */
function codeOf(error: unknown): string | undefined {
  const { code } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
