import type { documentsToServer } from "../protocol/documents-messages.ts";
import type { RequestHandlers } from "../protocol/message.ts";
import type { DocumentSources } from "./document-sources.ts";
import { fileInFolder } from "./file-in-folder.ts";
import type { Session } from "./session.ts";
import type { CallContext } from "./wire.ts";

/** One handler for each message about what is searched. */
export function documentHandlers(
  session: Session,
  sources: DocumentSources,
): RequestHandlers<typeof documentsToServer, CallContext> {
  return {
    documentSources: () => ({ sources: sources.reload() }),
    addDocuments: ({ to, source }) => ({ source: sources.add(to, source) }),
    removeDocuments: async ({ folder }) => {
      await sources.remove(folder);
      return {};
    },
    siteAction: async ({ folder, action }) => {
      await sources.act(folder, action);
      return {};
    },
    resolveFile: async ({ folder, path }) => {
      const found = session.searched.find(({ id }) => id === folder);
      const file = found && (await fileInFolder(found, path));
      return file === undefined ? null : { path: file };
    },
  };
}
