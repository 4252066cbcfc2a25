import { writeFileSync } from "node:fs";
import { z } from "zod";
import type { NotificationMessage, RequestMessage } from "../protocol/message.ts";
import { toClient, toServer } from "../protocol/server-messages.ts";
import { fromFileView, toFileView } from "../protocol/file-view-messages.ts";
import { fromInspector, toInspector } from "../protocol/inspector-messages.ts";
import { fromRunPage, toRunPage } from "../protocol/run-page-messages.ts";
import { fromViewer, toViewer } from "../protocol/viewer-messages.ts";

const tables: [heading: string, table: Record<string, RequestMessage | NotificationMessage>][] = [
  ["Client to language server", toServer],
  ["Language server to client", toClient],
  ["Viewer to extension", fromViewer],
  ["Extension to viewer", toViewer],
  ["Page of a trajectories file to extension", fromFileView],
  ["Extension to page of a trajectories file", toFileView],
  ["Page of a training run to extension", fromRunPage],
  ["Extension to page of a training run", toRunPage],
  ["Retrieval inspector to extension", fromInspector],
  ["Extension to retrieval inspector", toInspector],
];

/** The reference page of every message between the parts, made from the same schemas that parse them. */
export function protocolDocument(): string {
  const lines = [
    "# Messages between the parts",
    "",
    "Made by `node scripts/protocol-doc.ts` from `protocol/`; a test holds it to the code. Every message is parsed by its schema where it arrives.",
    "Requests are answered, notifications are not. Types with capital letters are the exported schemas of `protocol/`.",
  ];
  for (const [heading, table] of tables) {
    lines.push("", `## ${heading}`, "", "| message | kind | carries | answers | for |", "|---|---|---|---|---|");
    for (const message of Object.values(table)) {
      const result = message.kind === "request" ? shape(message.result) : "";
      lines.push(
        `| \`${message.method}\` | ${message.kind} | ${shape(message.params)} | ${result} | ${message.about} |`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A schema in one line: field names, a question mark after optional ones. */
function shape(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }) as JsonSchema;
  const text = describe(json, 0);
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: string[];
  const?: unknown;
}

/** Deep records are named by their fields only to the second level; `protocol/` has the rest. */
function describe(schema: JsonSchema, depth: number): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return depth > 1 ? "…" : choices.map((choice) => describe(choice, depth + 1)).join(" | ");
  if (schema.type === "array") return `${describe(schema.items ?? {}, depth + 1)}[]`;
  if (schema.properties) {
    if (depth > 1) return "{…}";
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      return depth > 0 ? `${name}${optional}` : `${name}${optional}: ${describe(field, depth + 1)}`;
    });
    return fields.length === 0 ? "" : `{ ${fields.join(", ")} }`;
  }
  return Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
}

if (import.meta.main) writeFileSync(new URL("../docs/protocol.md", import.meta.url), protocolDocument());
