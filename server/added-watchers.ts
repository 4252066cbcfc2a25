import { pathToFileURL } from "node:url";
import { type Connection, DidChangeWatchedFilesNotification, type Disposable } from "vscode-languageserver";
import type { Folder } from "./home.ts";

/**
 * Has the client watch folders outside the workspace, whose changes it does not tell by itself. Each call names all that are to be watched.
 * A client that cannot watch there is not asked: such folders are then looked through whenever their index is brought up to date.
 */
export function addedWatchers(
  connection: Connection,
  able: () => boolean,
  onFault: (where: string, error: unknown) => void,
): (folders: readonly Folder[]) => void {
  const watched = new Map<string, Promise<Disposable | undefined>>();
  return (folders) => {
    if (!able()) return;
    const paths = new Set(folders.map(({ path }) => path));
    for (const [path, watching] of watched) {
      if (paths.has(path)) continue;
      watched.delete(path);
      void watching.then((registration) => registration?.dispose());
    }
    for (const path of paths) {
      if (watched.has(path)) continue;
      const globPattern = { baseUri: pathToFileURL(path).href, pattern: "**/*" };
      const watching = connection.client
        .register(DidChangeWatchedFilesNotification.type, { watchers: [{ globPattern }] })
        .catch((error: unknown) => {
          onFault(`watching ${path}`, error);
          return undefined;
        });
      watched.set(path, watching);
    }
  };
}
