import { z } from "zod";
import { AddedSource, DocumentSource } from "./documents.ts";
import { notification, request } from "./message.ts";

/** Client to server. */
export const documentsToServer = {
  documentSources: request(
    "searchlight/documentSources",
    "What is searched: the folders of the workspace, and the folders and sites that were added to them, also by another process.",
    z.object({}),
    z.object({ sources: z.array(DocumentSource) }),
  ),
  addDocuments: request(
    "searchlight/addDocuments",
    "Adds a folder or a site to a folder of the workspace (its first where none is named) and begins to read it. A site that is there is fetched again, or on where it was cut off.",
    z.object({ to: z.string().optional(), source: AddedSource }),
    z.object({ source: DocumentSource }),
  ),
  removeDocuments: request(
    "searchlight/removeDocuments",
    "Takes an added folder or site away. A folder's files are left alone; the copies of a site's pages go once no project has it.",
    z.object({ folder: z.string() }),
    z.object({}),
  ),
  siteAction: request(
    "searchlight/siteAction",
    "Fetches an added site again (or on), or pauses that.",
    z.object({ folder: z.string(), action: z.enum(["fetch", "pause"]) }),
    z.object({}),
  ),
  resolveFile: request(
    "searchlight/resolveFile",
    "Absolute path of a file of a searched folder; null when it is not there or leads out of the folder.",
    z.object({ folder: z.string(), path: z.string() }),
    z.object({ path: z.string() }).nullable(),
  ),
} as const;

/** Server to client. */
export const documentsToClient = {
  documentsChanged: notification(
    "searchlight/documentsChanged",
    "What is searched changed, or how far the fetching of a site is.",
    z.object({ sources: z.array(DocumentSource) }),
  ),
} as const;
