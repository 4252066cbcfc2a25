import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { toClient, toServer } from "../../../protocol/server-messages.ts";
import { fromViewer, toViewer } from "../../../protocol/viewer-messages.ts";
import { protocolDocument } from "../../../scripts/protocol-doc.ts";

test("docs/protocol.md says what the schemas say", () => {
  expect(readFileSync("docs/protocol.md", "utf8")).toBe(protocolDocument());
});

test("no two messages share a method", () => {
  for (const tables of [[toServer, toClient], [fromViewer], [toViewer]]) {
    const methods = tables.flatMap((table) => Object.values(table).map((message) => message.method));
    expect(new Set(methods).size).toBe(methods.length);
  }
});
