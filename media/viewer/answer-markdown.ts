import type { Answer } from "../../protocol/answer.ts";
import { type ToldFolder, formatToldPlace } from "../../protocol/told-folders.ts";

/** An answer as Markdown: sentences with citation numbers, then each quote with its place and status. */
export function answerMarkdown({ text, sentences, citations }: Answer, told: ToldFolder): string {
  const body = sentences
    .map((sentence) => {
      const marks = sentence.citations.map((number) => ` [${number}]`).join("");
      return `${sentence.text}${marks}${sentence.supported ? "" : " (unsupported)"}`;
    })
    .join(" ");
  const list = citations.map(({ number, quote, place, title, status }) => {
    const where = place ? formatToldPlace(place, told) : title;
    return `[${number}] ${where} (${status})\n${quote.replace(/^/gm, "> ")}`;
  });
  return [body || text, ...list].join("\n\n") + "\n";
}
