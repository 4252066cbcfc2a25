import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventOf, lastSeq, offsetOf, openEventLog, wholeLines } from "../../../server/runs/event-log.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "searchlight-events-"));
  file = join(folder, "events.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("events from any cursor on are found, whatever the lengths of the lines and whatever was half written at the end", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ maxLength: 30 }), fc.constant("é\n".repeat(3000))), { maxLength: 40 }),
      fc.nat(45),
      fc.boolean(),
      (messages, from, torn) => {
        rmSync(file, { force: true });
        const log = openEventLog(file);
        for (const message of messages) log.append({ type: "log", level: "info", message });
        log.close();
        if (torn) writeFileSync(file, '{"seq":77,"at":"', { flag: "a" });
        expect(lastSeq(file)).toBe(messages.length - 1);
        const descriptor = openSync(file, "r");
        const found = [...wholeLines(descriptor, offsetOf(descriptor, from))].map(({ line }) => eventOf(line));
        closeSync(descriptor);
        expect(found.map((event) => event?.type === "log" && event.message)).toEqual(messages.slice(from));
        const again = openEventLog(file);
        expect(again.next).toBe(messages.length);
        again.append({ type: "log", level: "info", message: "after" });
        again.close();
        const lines = readFileSync(file, "utf8").trimEnd().split("\n");
        expect(lines.map((line) => eventOf(line)?.seq)).toEqual(lines.map((_, index) => index));
      },
    ),
    { numRuns: 40 },
  );
});
