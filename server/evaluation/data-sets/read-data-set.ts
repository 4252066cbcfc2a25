import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fileRecords } from "./file-records.ts";
import type { BadQuestion, EvaluationQuestion } from "./question.ts";
import { questionOf } from "./question-record.ts";

/** A question file as it was read. */
export interface DataSet {
  questions: EvaluationQuestion[];
  /** Records left out, in the order of the file. */
  bad: BadQuestion[];
  /** SHA-256 (hex) of the file's bytes. */
  hash: string;
}

/**
 * Reads a question file of any known form, told apart by content. A record that cannot be read, or whose id came before,
 * is listed and left out. Throws what the file system throws, and `UnreadableFile` for content of no known form.
 */
export async function readDataSet(path: string): Promise<DataSet> {
  const questions: EvaluationQuestion[] = [];
  const bad: BadQuestion[] = [];
  const lines = new Map<string, number>();
  for await (const record of fileRecords(path)) {
    if ("problem" in record) {
      bad.push({ line: record.line, field: "the line", reason: record.problem });
      continue;
    }
    const reading = questionOf(record.data, record.line);
    if (!reading.ok) {
      bad.push({ line: reading.line, field: reading.field, reason: reading.reason });
      continue;
    }
    const { id } = reading.question;
    const before = lines.get(id);
    if (before !== undefined) {
      bad.push({ line: record.line, field: "id", reason: `is ${JSON.stringify(id)}, as on line ${before}` });
      continue;
    }
    lines.set(id, record.line);
    questions.push(reading.question);
  }
  return { questions, bad, hash: await hashFile(path) };
}

/** SHA-256 (hex) of a file's bytes. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
