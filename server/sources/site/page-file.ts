import { createHash } from "node:crypto";

const longestName = 60;

/**
 * The name of a page's copy: letters and digits of its path, for a person, and a hash of its whole address, which keeps names apart. No
 * character of an address reaches the name unchecked.
 */
export function pageFile(address: string, extension: string): string {
  const words = new URL(address).pathname
    .replace(/\.[a-z]+$/i, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(-longestName)
    .toLowerCase();
  const hash = createHash("sha256").update(address).digest("hex").slice(0, 10);
  return `${words || "index"}.${hash}${extension}`;
}
