import { describeSkipped } from "../protocol/index-status.ts";
import { checkMachine } from "./report.ts";
import type { Session } from "./session.ts";

const loggedFaults = 20;

/** The read-only report a person attaches to a bug: versions, state, settings without secrets, last errors. */
export async function statusReport(session: Session, faults: readonly string[]): Promise<string> {
  const lines = ["# Searchlight status", "", "## Machine", ""];
  for (const check of await checkMachine())
    lines.push(`- ${check.ok ? "ok" : "**not ok**"} · ${check.name}: ${check.detail}`);
  lines.push("", "## Index", "");
  const statuses = await session.statuses();
  if (statuses.length === 0) lines.push("No folder is open.");
  for (const status of statuses) {
    lines.push(
      `- **${status.folder.name}**: ${status.state} (${status.role}). ${status.reason}`,
      `  ${status.files} files, ${status.passages} passages, ${status.vectors.done} of ${status.vectors.total} vectors, ${describeSkipped(status.skipped) ?? "no file skipped"}`,
    );
  }
  lines.push(
    "",
    "## Settings",
    "",
    `- workspace trusted: ${session.trusted ? "yes" : "no (settings that name endpoints are ignored)"}`,
  );
  for (const [name, value] of Object.entries(session.settings))
    lines.push(`- ${name}: \`${JSON.stringify(withoutUserInfo(value))}\``);
  lines.push("", "## Last errors", "");
  lines.push(...(faults.length === 0 ? ["none"] : faults.slice(-loggedFaults).map((fault) => `- ${fault}`)));
  return `${lines.join("\n")}\n`;
}

/** An address may carry a user name and password, which a report must not show. */
function withoutUserInfo(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/(https?:\/\/)[^/@\s]+@/g, "$1***@") : value;
}
