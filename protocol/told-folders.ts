import type { FolderRef, Place } from "./place.ts";
import { formatPlace } from "./place.ts";
import type { Search, Trajectory } from "./trajectory.ts";

/** The name of the folder that a place is in, where the place's path does not tell which; undefined where it does. */
export type ToldFolder = (place: Place) => string | undefined;

/**
 * Of places that are read together, those whose path is one of several folders get the name of theirs. Folders of one name are told apart by a number
 * in their order. A folder that is not among those given has no name.
 */
export function toldFolders(places: Iterable<Place>, folders: readonly FolderRef[]): ToldFolder {
  if (folders.length < 2) return () => undefined;
  const byPath = new Map<string, Set<string>>();
  for (const { path, folder } of places) byPath.set(path, (byPath.get(path) ?? new Set()).add(folder));
  const names = new Map<string, string>();
  for (const { id, name } of folders) {
    const same = folders.filter((other) => other.name === name);
    names.set(id, same.length > 1 ? `${name} (${same.findIndex((other) => other.id === id) + 1})` : name);
  }
  return ({ path, folder }) => ((byPath.get(path)?.size ?? 0) > 1 ? names.get(folder) : undefined);
}

/** The same for all places that a trajectory names: hits of its searches, citations, nearest places. */
export function toldFoldersOf({
  searches,
  answer,
  index,
}: Pick<Trajectory, "answer" | "index"> & { searches: readonly Pick<Search, "hits">[] }): ToldFolder {
  const hits = searches.flatMap((search) => search.hits.map(({ passage }) => passage));
  const cited = [...(answer?.citations ?? []), ...(answer?.nearest ?? [])];
  const places = [...hits, ...cited].flatMap(({ place }) => (place ? [place] : []));
  return toldFolders(places, index.folders);
}

/** `guide/domes.md:40-52`, or `README.md:3 in notes` where the folder has to be told. */
export function formatToldPlace(place: Place, told: ToldFolder): string {
  const folder = told(place);
  return folder === undefined ? formatPlace(place) : `${formatPlace(place)} in ${folder}`;
}
