import type { ServerOptions } from "../../protocol/server-messages.ts";

export interface ExtensionFacts {
  version: string;
  editor: string;
  node: string;
  platform: string;
  remote: string | undefined;
  activationMilliseconds: number;
  folders: number;
  trusted: boolean;
  server: string;
  serverPid: number | undefined;
  settings: ServerOptions["settings"];
  /** Names only; a key is never part of a report. */
  endpointsWithKey: readonly string[];
  faults: readonly string[];
}

/** The extension's half of the status report, as Markdown. Passwords in addresses are left out. */
export function extensionReport(facts: ExtensionFacts): string {
  const rows: [string, string][] = [
    ["Searchlight", facts.version],
    ["Editor", facts.editor],
    ["Extension host", `Node ${facts.node}, ${facts.platform}${facts.remote ? `, remote ${facts.remote}` : ""}`],
    ["Activation", `${facts.activationMilliseconds.toFixed(1)} ms`],
    ["Folders", String(facts.folders)],
    ["Trusted", facts.trusted ? "yes" : "no (Restricted Mode: endpoints in settings are ignored)"],
    ["Server", facts.serverPid === undefined ? facts.server : `${facts.server}, process ${facts.serverPid}`],
    ["Keys stored for", facts.endpointsWithKey.map(withoutPassword).join(", ") || "no endpoint"],
  ];
  const settings = Object.entries(facts.settings).map(([name, value]) => [
    `searchlight.${name}`,
    withoutPassword(typeof value === "string" ? value : JSON.stringify(value)),
  ]);
  return [
    "# Searchlight status",
    "",
    "## Extension",
    "",
    ...rows.map(([name, value]) => `- ${name}: ${value}`),
    "",
    "### Settings",
    "",
    ...settings.map(([name, value]) => `- ${name}: ${value === "" ? "(empty)" : `\`${value}\``}`),
    "",
    "### Last errors",
    "",
    ...(facts.faults.length > 0 ? facts.faults.map((fault) => `- ${withoutPassword(fault)}`) : ["None."]),
    "",
  ].join("\n");
}

function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^/\s@]+@/g, "://…@");
}
