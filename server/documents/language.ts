import { eld } from "eld/extrasmall";
import type { ReadDocument } from "./document.ts";

/** UTF-16 units of prose that are looked at; more say nothing new. */
const sampleLength = 500;
/** Letters below which a text says too little; a character of Chinese, Japanese or Korean says more than a letter. */
const fewestLetters = 100;
const fewestCharacters = 15;

/** ISO 639-1 code of the language that most of a document's prose is in; undefined where it has too little. */
export function languageOf(document: ReadDocument): string | undefined {
  const sample = proseOf(document);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  const characters =
    sample.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  const eastern = characters >= fewestCharacters && characters > letters * 0.3;
  if (!eastern && letters < fewestLetters) return undefined;
  return eld.detect(sample).language || undefined;
}

/** Text without code, tables, addresses and names that are written as code: they are in no language. */
function proseOf(document: ReadDocument): string {
  let sample = "";
  for (const { source, units } of document.parts) {
    for (const { start, end, text, isHeading } of units) {
      const said = (text ?? source.slice(start, end)).slice(0, sampleLength);
      if (isHeading || /^(?:```|~~~|\||\+--|----|\.\. code| {4}|\t|[{<$])/u.test(said)) continue;
      sample += `${said.replace(/`[^`]*`|\{[^}]*\}|<[^>]*>|\bhttps?:\S+|\]\([^)]*\)|[\w-]+[./_][\w./-]+/gu, " ")}\n`;
      if (sample.length >= sampleLength) return sample.slice(0, sampleLength);
    }
  }
  return sample;
}
