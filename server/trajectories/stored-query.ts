import type { FullTextQuery } from "@lancedb/lancedb";
import type { StoredFilter } from "../../protocol/stored-filter.ts";
import type { Trajectory } from "../../protocol/trajectory.ts";
import type { Lance } from "../lance.ts";
import { searchedTexts } from "./file/record-texts.ts";
import { storedFacts } from "./stored-row.ts";
import { type Phrase, holds, textSearch, wordsOf } from "./text/text-search.ts";

/** A filter as LanceDB takes it. */
export interface StoredQuery {
  /** SQL; undefined where every row is admitted. */
  where: string | undefined;
  words: FullTextQuery | undefined;
  /** What the table admits may lack the text: the records have to be read. */
  unsure: boolean;
}

/** The query for the rows that meet a filter. Every text in it is quoted, none is SQL. */
export function storedQuery(lance: Lance, filter: StoredFilter): StoredQuery {
  const { stop, policy, profile, step, prompt, rule, searches, component, least, most } = filter;
  const conditions: string[] = [];
  for (const [column, value] of Object.entries({ stop, policy, profile, prompt }))
    if (value !== undefined) conditions.push(`${column} = ${quoted(value)}`);
  for (const [column, value] of Object.entries({ step, searches }))
    if (value !== undefined) conditions.push(`${column} = ${Math.trunc(value)}`);
  if (rule !== undefined) conditions.push(`array_has(rules, ${quoted(rule)})`);
  const points = component === undefined ? "reward" : pointsSql(component);
  if (least !== undefined) conditions.push(`${points} >= ${sqlNumber(least)}`);
  if (most !== undefined) conditions.push(`${points} <= ${sqlNumber(most)}`);
  // A bound asks for the component as well; the index of names beside it would cost more than reading the points of all.
  if (component !== undefined && least === undefined && most === undefined)
    conditions.push(`array_has(components, ${quoted(component)})`);
  const search = textSearch(filter.text ?? "");
  const phrases = search?.kind === "words" ? search.phrases : [];
  // A word that is only begun, and scripts without spaces, are no words of the index.
  for (const { words } of phrases.filter(({ begun }) => begun)) conditions.push(holdsSql(` ${words.join(" ")}`));
  if (search?.kind === "literal") conditions.push(...wordsOf(search.text).map(holdsSql));
  const whole = phrases.filter(({ begun }) => !begun).map((phrase) => phraseQuery(lance, phrase));
  return {
    where: conditions.length > 0 ? conditions.join(" AND ") : undefined,
    words: whole.length > 1 ? new lance.BooleanQuery(whole.map((each) => [lance.Occur.Must, each])) : whole[0],
    unsure: search?.kind === "literal",
  };
}

/** Whether a trajectory that is not in the table meets a filter; what people said of it is not looked at. */
export function admits(trajectory: Trajectory, filter: StoredFilter): boolean {
  const { text, rule, component, least, most, tag: _tag, marked: _marked, ...equal } = filter;
  const facts = storedFacts(trajectory);
  for (const [name, value] of Object.entries(equal))
    if (value !== undefined && facts[name as keyof typeof equal] !== value) return false;
  if (rule !== undefined && !facts.rules.includes(rule)) return false;
  const points = component === undefined ? facts.reward : facts.points[facts.components.indexOf(component)];
  if (component !== undefined && points === undefined) return false;
  if (least !== undefined && !(typeof points === "number" && points >= least)) return false;
  if (most !== undefined && !(typeof points === "number" && points <= most)) return false;
  return holdsText(trajectory, text);
}

/** Whether a trajectory holds what is looked for; true where nothing is. */
export function holdsText(trajectory: Trajectory, text: string | undefined): boolean {
  const search = textSearch(text ?? "");
  return search === undefined || holds(search, searchedTexts(trajectory));
}

function phraseQuery(lance: Lance, { words }: Phrase): FullTextQuery {
  if (words.length > 1) return new lance.PhraseQuery(words.join(" "), "words");
  return new lance.MatchQuery(words[0]!, "words", { operator: lance.Operator.And });
}

/** The points of a component, null where a row has none of that name. */
function pointsSql(component: string): string {
  return `array_element(points, CAST(array_position(components, ${quoted(component)}) AS BIGINT))`;
}

function holdsSql(text: string): string {
  return `strpos(words, ${quoted(text)}) > 0`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A number as SQL reads it, also one with an exponent. */
function sqlNumber(value: number): string {
  return `CAST('${value}' AS DOUBLE)`;
}
