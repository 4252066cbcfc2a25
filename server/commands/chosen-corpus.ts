import type { SearchMode } from "../../protocol/passage.ts";
import { type Corpus, CorpusError, openCorpus } from "../corpus.ts";
import { corpusProgress } from "./evaluate-progress.ts";
import { CommandError, exitCodes } from "./output.ts";

/** Opens what is searched, and shows how far its index is. */
export async function chosenCorpus(
  options: { index: string; embedder: string; json?: boolean },
  mode: SearchMode,
  signal: AbortSignal,
): Promise<Corpus> {
  const progress = corpusProgress(options.json === true);
  try {
    return await openCorpus(options.index, { embedder: options.embedder, mode, signal, onProgress: progress.update });
  } catch (error) {
    if (error instanceof CorpusError) throw new CommandError(error.message, exitCodes.failed, { cause: error });
    if (signal.aborted)
      throw new CommandError("Stopped; what is indexed stays.", exitCodes.interrupted, { cause: error });
    throw error;
  } finally {
    progress.stop();
  }
}
