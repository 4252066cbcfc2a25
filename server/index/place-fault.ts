import { type IndexPlace, placeText } from "./index-place.ts";

export type PlaceFaultKind =
  | "unauthorised"
  | "unreachable"
  | "missing"
  | "full"
  | "read-only"
  | "newer"
  | "damaged"
  | "other";

/** The place of an index cannot be used: one sentence that says why and what to do; never a key. */
export class PlaceFault extends Error {
  override readonly name = "PlaceFault";
  readonly kind: PlaceFaultKind;
  constructor(kind: PlaceFaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The embedder failed, whatever its words; the index is not to blame. */
export class EmbeddingFault extends Error {
  override readonly name = "EmbeddingFault";
}

const signs: readonly (readonly [PlaceFaultKind, RegExp])[] = [
  ["full", /no space left|ENOSPC|disk quota|EDQUOT|file too large|EFBIG/i],
  ["read-only", /read-only file system|EROFS|EACCES|EPERM|os error 13\b|permission denied \(os/i],
  [
    "unauthorised",
    /signature ?does ?not ?match|invalid ?access ?key|access ?denied|\b40[13]\b|forbidden|unauthori[sz]ed|credential|expired ?token|api key/i,
  ],
  ["missing", /no ?such ?bucket|bucket does not exist|container ?not ?found/i],
  ["unreachable", /error sending request|connection|connect error|timed? ?out|dns error|ECONN|network|retries/i],
  [
    "damaged",
    /not found|corrupt|invalid|malformed|truncat|unexpected (?:end|eof)|range|out of bounds|decod|magic|checksum|panic/i,
  ],
];

/** Errors of the library itself say so; what an embedder or a reader says must not be taken for a damaged index. */
const ofLance = /lance|arrow|panick/i;

/** What kind of failure an error of LanceDB or of the file system is, told by its words: the library has no codes. */
export function faultKind(error: unknown): PlaceFaultKind {
  if (error instanceof PlaceFault) return error.kind;
  if (error instanceof EmbeddingFault) return "other";
  const text =
    error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}` : String(error);
  const kind = signs.find(([, sign]) => sign.test(text))?.[0] ?? "other";
  return kind === "damaged" && !ofLance.test(text) ? "other" : kind;
}

/** The failure as one sentence that says what to do. */
export function placeFault(place: IndexPlace, error: unknown): PlaceFault {
  if (error instanceof PlaceFault) return error;
  const kind = faultKind(error);
  return new PlaceFault(kind, sentence(kind, placeText(place), error), { cause: error });
}

function sentence(kind: PlaceFaultKind, where: string, error: unknown): string {
  switch (kind) {
    case "full":
      return `The disk of ${where} is full; free some space and update the index.`;
    case "read-only":
      return `${where} cannot be written; change its permissions, or give the index another place.`;
    case "unauthorised":
      return `${where} does not accept the key; check the environment's credentials or store the key again.`;
    case "missing":
      return `${where} is in a bucket or container that does not exist; make it, or correct the address.`;
    case "unreachable":
      return `${where} does not answer; check the network and the address, then update the index.`;
    default:
      return `The index at ${where} cannot be read (${firstLine(error)}); rebuild it.`;
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.slice(0, 200);
}
