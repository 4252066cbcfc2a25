import { UnreadableFile } from "../evaluation/data-sets/file-records.ts";
import { type DataSet, readDataSet } from "../evaluation/data-sets/read-data-set.ts";
import { CommandError, exitCodes, note } from "./output.ts";
import { oneLine } from "./visible-text.ts";
import { isFileFailure, whyUnread } from "../file-failure.ts";

/** More sentences about bad records than this say nothing to a person. */
const mostNotes = 20;

/**
 * Reads a question file for a command. Records that cannot be read end the command with file, line, field and reason, unless
 * they are to be skipped; then each is told. A file without a question is an error.
 */
export async function readQuestionFile(path: string, skipBad: boolean): Promise<DataSet> {
  let set: DataSet;
  try {
    set = await readDataSet(path);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new CommandError(error.message, exitCodes.failed, { cause: error });
    if (!isFileFailure(error)) throw error;
    throw new CommandError(
      `${path} ${whyUnread(error)}; give a file of questions, such as JSON lines with a question and its golds.`,
      exitCodes.usage,
      { cause: error },
    );
  }
  const sentences = set.bad.map(({ line, field, reason }) =>
    oneLine(`${path}, line ${line}: ${field} ${reason}.`, 400),
  );
  if (sentences.length > 0 && !skipBad)
    throw new CommandError(`${sentences[0]} --skip-bad goes on without such records.`);
  for (const sentence of sentences.slice(0, mostNotes)) note(sentence);
  if (sentences.length > mostNotes) note(`${sentences.length - mostNotes} more records of ${path} cannot be read.`);
  if (set.questions.length === 0) throw new CommandError(`${path} holds no question.`);
  return set;
}
