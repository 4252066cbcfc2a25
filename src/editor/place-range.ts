import type { Place } from "../../protocol/place.ts";

export interface LineRange {
  startLine: number;
  startColumn: number;
  endLine: number;
  endColumn: number;
}

/** A place as the editor counts: lines from 0. Without columns it is whole lines; the editor clips the end. */
export function placeRange(place: Pick<Place, "startLine" | "endLine" | "startColumn" | "endColumn">): LineRange {
  return {
    startLine: place.startLine - 1,
    startColumn: place.startColumn ?? 0,
    endLine: Math.max(place.endLine, place.startLine) - 1,
    endColumn: place.endColumn ?? Number.MAX_SAFE_INTEGER,
  };
}
