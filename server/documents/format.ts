import { basename, extname } from "node:path";

export type Format = "markdown" | "html" | "notebook" | "pdf" | "docx" | "code" | "rst" | "asciidoc" | "text";

const formats: Record<string, Format> = {
  ".md": "markdown",
  ".markdown": "markdown",
  ".mdx": "markdown",
  ".html": "html",
  ".htm": "html",
  ".xhtml": "html",
  ".ipynb": "notebook",
  ".pdf": "pdf",
  ".docx": "docx",
  ".txt": "text",
  ".text": "text",
  ".log": "text",
  ".rst": "rst",
  ".rest": "rst",
  ".adoc": "asciidoc",
  ".asciidoc": "asciidoc",
  ".org": "text",
};
/** Languages that are read as code; those without a grammar are read as paragraphs. */
const codeExtensions = new Set(
  (
    "py pyi js mjs cjs jsx ts mts cts tsx go java rs c h cc cpp cxx hh hpp hxx ino cu cuh cs php rb rake gemspec sh bash zsh ps1 psm1 " +
    "kt kts swift scala lua r jl pl pm ex exs erl hrl hs ml mli clj cljs dart sql mm vue svelte zig nim f90 proto graphql tf groovy gradle sv " +
    "vhd fs fsx vb el lisp scm cmake tcl pas adb ads"
  )
    .split(" ")
    .map((extension) => `.${extension}`),
);
const bareNames = /^(readme|license|licence|copying|notice|changelog|changes|authors|contributing|install|news|todo)$/i;

/** How a file is read, by its name; undefined for what is not a document. */
export function formatOf(path: string): Format | undefined {
  const extension = extname(path).toLowerCase();
  if (codeExtensions.has(extension)) return "code";
  return formats[extension] ?? (extension === "" && bareNames.test(basename(path)) ? "text" : undefined);
}

/** Kinds of files that people keep beside documents and might expect to be read. */
const unreadKinds: [reason: string, extensions: string][] = [
  ["archive, which is not opened", "zip tar gz tgz bz2 xz zst 7z rar jar whl vsix cab iso dmg deb rpm"],
  [
    "kind of document that is not read",
    "doc odt rtf ppt pptx odp xls xlsx ods epub mobi azw3 pages numbers key djvu ps",
  ],
  ["image", "png jpg jpeg gif webp bmp tif tiff ico heic avif psd svg"],
  ["sound or video", "mp3 wav flac ogg m4a mp4 mov avi mkv webm"],
  ["program or library", "exe dll so dylib bin o a obj class pyc wasm node com msi apk"],
  ["data or model file", "db sqlite sqlite3 parquet arrow lance npy npz pkl pt pth onnx safetensors gguf h5"],
  ["font", "ttf otf woff woff2"],
];
const unread = new Map(
  unreadKinds.flatMap(([reason, extensions]) => extensions.split(" ").map((extension) => [`.${extension}`, reason])),
);

/** Why a file is not read that its name says is none of the formats; undefined where nobody would expect it to be. */
export function unreadReason(path: string): string | undefined {
  return unread.get(extname(path).toLowerCase());
}

const mebibyte = 2 ** 20;

/** Bytes up to which a file is read. Text and code beyond it are data; books with pictures are large with little text. */
export function byteLimit(path: string): number {
  const format = formatOf(path);
  if (format === "pdf" || format === "docx") return 64 * mebibyte;
  return format === "code" ? mebibyte : 5 * mebibyte;
}

/** Whether a file is read in a worker only, because its parser is large and can hang or exhaust memory. */
export function needsWorker(path: string): boolean {
  const format = formatOf(path);
  return format === "pdf" || format === "docx" || format === "code";
}
