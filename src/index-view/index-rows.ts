import type { DocumentSource, SiteState } from "../../protocol/documents.ts";
import { describeSkipped, type IndexState, type IndexStatus } from "../../protocol/index-status.ts";
import { bytesText, clock, count, countSkipped, duration, number, vectorsText } from "./amounts.ts";

/** A row of the Index view as plain data. */
export interface IndexRow {
  /** Stays the same while the view is open, so that the editor keeps what is unfolded and chosen. */
  id: string;
  label: string;
  description?: string;
  /** Whole text where label and description are cut off. */
  detail?: string;
  /** Name of a codicon. */
  icon: string;
  tone?: "warning" | "error";
  /** Which buttons and menus the row has; see `menus` in the manifest. */
  context: string;
  children?: IndexRow[];
  /** What a click opens. */
  open?:
    | { kind: "file"; folder: string; path: string }
    | { kind: "address"; url: string }
    | { kind: "skipped"; folder: string };
  /** The source the row belongs to. */
  source: string;
}

/** Rows of a list that has no end; the rest is opened as a document. */
const listed = 200;

const icons: Readonly<Record<IndexState, string>> = {
  none: "circle-outline",
  scanning: "sync~spin",
  "words-ready": "sync~spin",
  ready: "pass",
  paused: "debug-pause",
  degraded: "warning",
  failed: "error",
};

const stateNames: Readonly<Record<IndexState, string>> = {
  none: "empty",
  scanning: "reading",
  "words-ready": "words ready",
  ready: "ready",
  paused: "paused",
  degraded: "degraded",
  failed: "failed",
};

const siteIcons: Readonly<Record<SiteState, string>> = {
  waiting: "clock",
  fetching: "cloud-download",
  paused: "debug-pause",
  done: "cloud",
  failed: "warning",
};

/** The view's rows: each source with what is known of it below. A source whose index has not been read has its place alone. */
export function indexRows(sources: readonly DocumentSource[], statuses: readonly IndexStatus[]): IndexRow[] {
  return sources.map((source) =>
    sourceRow(
      source,
      statuses.find(({ folder }) => folder.id === source.folder.id),
    ),
  );
}

function sourceRow(source: DocumentSource, status: IndexStatus | undefined): IndexRow {
  const { id } = source.folder;
  const row = { id, label: source.folder.name, source: id, context: contextOf(source, status) };
  const place = placeRow(source);
  if (source.missing) {
    const reason = "It is not on disk, so nothing of it is searched; bring it back or remove it.";
    return { ...row, icon: "warning", tone: "warning", description: "not there", detail: reason, children: [place] };
  }
  if (!status) return { ...row, icon: "circle-outline", description: "not read yet", children: [place] };
  const { site } = source;
  const fetching = site?.state === "fetching";
  const idle = status.state === "words-ready" && status.rate === undefined;
  const said = fetching
    ? `fetching, ${count(site.pages, "page")}`
    : `${stateNames[status.state]} · ${countOf(source, status)}`;
  return {
    ...row,
    icon: fetching ? "cloud-download" : idle ? "sync" : icons[status.state],
    ...toneOf(status.state),
    description: source.kind === "folder" ? `${said} · added` : said,
    detail: `${source.location}\n${status.reason}`,
    children: [
      ...(site ? [siteRow(source, site)] : []),
      {
        id: `${id} state`,
        label: status.reason,
        detail: status.reason,
        icon: icons[status.state] === "pass" ? "info" : icons[status.state].replace("~spin", ""),
        ...toneOf(status.state),
        context: `state.${status.state}`,
        source: id,
      },
      ...amountRows(id, status),
      place,
      ...skippedRows(id, status),
      ...(site && site.leftOut > 0 ? [leftOutRow(id, site)] : []),
      ...errorRows(id, status),
    ],
  };
}

/** `source.folder.ready` and the like: kind, then state, then `.fetching` for a site that is being fetched. */
function contextOf({ kind, site, missing }: DocumentSource, status: IndexStatus | undefined): string {
  const state = missing ? "missing" : (status?.state ?? "unread");
  return ["source", kind, state, ...(site ? [site.state] : [])].join(".");
}

function amountRows(id: string, status: IndexStatus): IndexRow[] {
  const { files, passages, vectors, embedder, bytes, updatedAt, role, rate, etaSeconds } = status;
  const row = (key: string, label: string, icon: string, parts: (string | undefined)[]): IndexRow => {
    const description = parts.filter((part) => part !== undefined && part !== "").join(" · ");
    return {
      id: `${id} ${key}`,
      label,
      icon,
      context: "fact",
      source: id,
      detail: description === "" ? label : `${label}, ${description}`,
      ...(description === "" ? {} : { description }),
    };
  };
  const share = vectors.done === vectors.total ? undefined : `${Math.floor((100 * vectors.done) / vectors.total)} %`;
  return [
    row("passages", count(passages, "passage"), "list-flat", [`in ${count(files, "file")}`]),
    embedder
      ? row("vectors", vectorsText(vectors), "symbol-array", [
          share,
          rate === undefined ? undefined : `${number(Math.round(rate))}/s`,
          etaSeconds === undefined ? undefined : `${duration(etaSeconds)} left`,
        ])
      : row("vectors", "No vectors", "symbol-array", ["search goes by words"]),
    ...(embedder ? [row("model", embedder.id, "symbol-misc", [`${embedder.dimension} dimensions`])] : []),
    ...(bytes === undefined
      ? []
      : [row("size", `${bytesText(bytes)} on disk`, "database", [updatedAt && `changed ${clock(updatedAt)}`])]),
    ...(role === "reader" ? [row("role", "Kept by another process", "lock", ["this window reads"])] : []),
  ];
}

function placeRow({ folder, kind, location }: DocumentSource): IndexRow {
  return {
    id: `${folder.id} place`,
    label: location,
    detail: location,
    icon: kind === "site" ? "link-external" : "folder",
    context: `place.${kind}`,
    source: folder.id,
    ...(kind === "site" ? { open: { kind: "address", url: location } as const } : {}),
  };
}

function siteRow({ folder }: DocumentSource, site: NonNullable<DocumentSource["site"]>): IndexRow {
  const counts = [count(site.pages, "page"), `at most ${number(site.limit)}`];
  if (site.queued > 0) counts.push(`${number(site.queued)} to go`);
  return {
    id: `${folder.id} site`,
    label: site.state === "done" ? `Fetched: ${count(site.pages, "page")}` : `${site.state}: ${counts.join(", ")}`,
    description: site.reason,
    detail: `${counts.join(", ")}\n${site.reason}`,
    icon: siteIcons[site.state],
    ...(site.state === "failed" ? { tone: "warning" as const } : {}),
    context: `site.${site.state}`,
    source: folder.id,
  };
}

function skippedRows(id: string, { skipped }: IndexStatus): IndexRow[] {
  if (skipped.length === 0) return [];
  const rows = skipped.slice(0, listed).map(({ path, reason, count: files }, at): IndexRow => {
    if (files !== undefined)
      return {
        id: `${id} skipped ${at} ${path}`,
        label: `${number(files)} more`,
        description: reason,
        icon: "ellipsis",
        context: "fact",
        source: id,
      };
    const cut = path.lastIndexOf("/");
    return {
      id: `${id} skipped ${at} ${path}`,
      label: path.slice(cut + 1),
      description: [reason, path.slice(0, Math.max(0, cut))].filter((part) => part !== "").join(" · "),
      detail: `${path}\n${reason}`,
      icon: "file",
      context: "skipped",
      source: id,
      open: { kind: "file", folder: id, path },
    };
  });
  return [
    {
      id: `${id} skipped`,
      label: `${count(countSkipped(skipped), "file")} skipped`,
      detail: describeSkipped(skipped) ?? "",
      icon: "exclude",
      context: "skippedList",
      source: id,
      children: [...rows, ...moreRow(id, skipped.length)],
    },
  ];
}

function moreRow(id: string, length: number): IndexRow[] {
  if (length <= listed) return [];
  return [
    {
      id: `${id} skipped more`,
      label: `Show all ${number(length)}`,
      icon: "ellipsis",
      context: "fact",
      source: id,
      open: { kind: "skipped", folder: id },
    },
  ];
}

function leftOutRow(id: string, { leftOut, leftOutPages }: NonNullable<DocumentSource["site"]>): IndexRow {
  return {
    id: `${id} left-out`,
    label: `${count(leftOut, "page")} left out`,
    detail: "Addresses that were found and are not kept, each with the reason",
    icon: "exclude",
    context: "fact",
    source: id,
    children: leftOutPages.slice(-listed).map(({ path, reason }, at) => ({
      id: `${id} left-out ${at} ${path}`,
      label: path,
      description: reason,
      detail: `${path}\n${reason}`,
      icon: "link",
      context: "leftOut",
      source: id,
      open: { kind: "address", url: path },
    })),
  };
}

function errorRows(id: string, { errors = [] }: IndexStatus): IndexRow[] {
  if (errors.length === 0) return [];
  return [
    {
      id: `${id} errors`,
      label: `Last ${errors.length === 1 ? "error" : `${errors.length} errors`}`,
      icon: "error",
      tone: "error",
      context: "fact",
      source: id,
      children: errors.toReversed().map(({ at, message }, index) => ({
        id: `${id} errors ${index} ${at}`,
        label: message,
        description: clock(at),
        detail: `${at}\n${message}`,
        icon: "circle-small-filled",
        context: "fact",
        source: id,
      })),
    },
  ];
}

function countOf({ kind }: DocumentSource, { files, skipped }: IndexStatus): string {
  const counted = count(files, kind === "site" ? "page" : "file");
  return skipped.length === 0 ? counted : `${counted}, ${number(countSkipped(skipped))} skipped`;
}

function toneOf(state: IndexState): Pick<IndexRow, "tone"> {
  if (state === "failed") return { tone: "error" };
  return state === "degraded" ? { tone: "warning" } : {};
}
