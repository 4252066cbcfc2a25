import { type FolderRef, type Place, formatPlace } from "../../protocol/place.ts";

/** The folder a place is in where that is not the first of those that were searched, which is the one on the command line. */
export function sourceOf(place: Place | undefined, folders: readonly FolderRef[]): FolderRef | undefined {
  const at = folders.findIndex(({ id }) => id === place?.folder);
  return at > 0 ? { id: folders[at]!.id, name: folders[at]!.name } : undefined;
}

/** `guide/domes.md:40`, or `note.md:3 in notes` where it is in a folder or site that was added: two folders may hold files of one path. */
export function namedPlace(place: Place, folders: readonly FolderRef[]): string {
  const source = sourceOf(place, folders);
  return source ? `${formatPlace(place)} in ${source.name}` : formatPlace(place);
}
