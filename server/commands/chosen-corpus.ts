import type { SearchMode } from "../../protocol/passage.ts";
import { type Corpus, CorpusError, openCorpus } from "../corpus.ts";
import { corpusProgress } from "./evaluate-progress.ts";
import { CommandError, exitCodes } from "./output.ts";
import { type RetrieverOptions, namesFolder, openNamedRetriever } from "./retriever-options.ts";

/** The options of every command that searches a corpus. */
export interface CorpusChoice extends RetrieverOptions {
  index: string;
  embedder: string;
  json?: boolean;
}

/** Opens what is searched, and shows how far its index is. */
export async function chosenCorpus(options: CorpusChoice, mode: SearchMode, signal: AbortSignal): Promise<Corpus> {
  const progress = corpusProgress(options.json === true);
  const openServer = (text: string) => {
    if (namesFolder(text))
      throw new CorpusError(
        `There is no folder and no file ${text}; --index takes a folder, a file of passages, or a retriever such as search-r1:URL.`,
      );
    return openNamedRetriever(text, options, () => Promise.reject(new Error("a folder is no server")));
  };
  try {
    return await openCorpus(options.index, {
      embedder: options.embedder,
      mode,
      signal,
      openServer,
      onProgress: progress.update,
    });
  } catch (error) {
    if (error instanceof CorpusError) throw new CommandError(error.message, exitCodes.usage, { cause: error });
    if (signal.aborted)
      throw new CommandError("Stopped; what is indexed stays.", exitCodes.interrupted, { cause: error });
    throw error;
  } finally {
    progress.stop();
  }
}
