import type { Comparison, Flip } from "../evaluation/runs/compare.ts";
import { type MeasureName, measureNames } from "../evaluation/runs/summary.ts";
import type { PairedDifference } from "../evaluation/statistics/paired-difference.ts";
import { isPlainNumber, labelOf, shown } from "./evaluate-print.ts";
import { print } from "./output.ts";
import { oneLine } from "./visible-text.ts";

/** For these more is not better; their row says no verdict. */
const costs = new Set<MeasureName>([
  "searches",
  "turns",
  "policyTokens",
  "seconds",
  "cacheHits",
  "repeatedQueries",
  "repeatedDocuments",
]);

/** The comparison as a table in the terminal, the flips below it. */
export function printComparison(comparison: Comparison, labels: readonly [string, string], flips: number): void {
  const rows = tableRows(comparison);
  const head = ["", oneLine(labels[0], 24), oneLine(labels[1], 24), "difference", "95 % interval", ""];
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [head, ...rows])
    print(
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]!) : column === 5 ? cell : cell.padStart(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    );
  print();
  for (const sentence of sentences(comparison)) print(sentence);
  for (const [name, list] of flipLists(comparison)) {
    if (list.length === 0) continue;
    print(`\n${name}:`);
    for (const flip of list.slice(0, flips))
      print(`  ${oneLine(flip.id, 40)}  ${oneLine(flip.question, 90)}\n    ${answers(flip, 60)}`);
    if (list.length > flips) print(`  and ${list.length - flips} more`);
  }
}

/** The comparison as a Markdown section. Text of questions and answers can neither end a cell nor become markup. */
export function comparisonMarkdown(comparison: Comparison, labels: readonly [string, string], flips: number): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[], numbers: boolean): string[] => [
    `| ${head.map(cell).join(" | ")} |`,
    `|${head.map((_, column) => (numbers && column > 0 ? "---:" : "---")).join("|")}|`,
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
  ];
  const lines = [
    ...table(["", labels[0], labels[1], "difference", "95 % interval", "verdict"], tableRows(comparison), true),
    "",
    ...sentences(comparison).map((sentence) => `${escaped(sentence)}\n`),
  ];
  for (const [name, list] of flipLists(comparison)) {
    if (list.length === 0) continue;
    const rows = list
      .slice(0, flips)
      .map((flip) => [
        flip.id,
        flip.question,
        flip.golds.join(" / "),
        flip.first.answer ?? "–",
        flip.second.answer ?? "–",
      ]);
    lines.push(`### ${name}`, "", ...table(["id", "question", "gold", labels[0], labels[1]], rows, false), "");
    if (list.length > flips) lines.push(`And ${list.length - flips} more.`, "");
  }
  return lines.join("\n").trimEnd();
}

function tableRows({ measures }: Comparison): string[][] {
  return measureNames.flatMap((name) => {
    const measured = measures[name];
    return measured
      ? [
          [
            labelOf(name),
            shown(name, measured.first),
            shown(name, measured.second),
            signed(name, measured.difference),
            range(name, measured),
            costs.has(name) ? "" : measured.verdict,
          ],
        ]
      : [];
  });
}

function sentences({ questions, metric, verdict, right, failed, differs }: Comparison): string[] {
  const needed =
    verdict.questionsNeeded === undefined
      ? ""
      : ` A difference of this size would show with about ${Math.max(verdict.questionsNeeded, questions)} questions.`;
  const judged =
    verdict.verdict === "cannot tell"
      ? "These questions cannot tell whether the second run differs"
      : `The second run is ${verdict.verdict}`;
  const found = [
    `${judged} in ${labelOf(metric)}: ${signed(metric, verdict.difference)} (${range(metric, verdict)}) over ${verdict.questions} questions.${needed}`,
  ];
  if (right)
    found.push(
      `Right by ${labelOf(right.by)}: both ${right.both}, only the first ${right.onlyFirst}, only the second ${right.onlySecond}, neither ${right.neither}; McNemar's exact p is ${right.p < 0.0001 ? "below 0.0001" : right.p.toFixed(4)}.`,
    );
  if (failed.first + failed.second > 0)
    found.push(`Failed rollouts count as wrong: ${failed.first} in the first run, ${failed.second} in the second.`);
  const other = differs.filter(({ field }) => !field.startsWith("policy."));
  if (other.length > 0)
    found.push(`The runs also differ in ${other.map(({ field }) => field).join(", ")}, as allowed.`);
  return found;
}

function flipLists({ won, lost }: Comparison): [string, Flip[]][] {
  return [
    [`Won by the second run (${won.length})`, won],
    [`Lost by the second run (${lost.length})`, lost],
  ];
}

function answers({ golds, first, second }: Flip, width: number): string {
  const answer = (text: string | null): string => (text === null ? "no answer" : oneLine(text, width));
  return `gold ${oneLine(golds.join(" / "), width)}; first ${answer(first.answer)}; second ${answer(second.answer)}`;
}

function signed(name: MeasureName, value: number): string {
  const text = shown(name, value);
  return /^-?0\.0*$/u.test(text) ? text.replace("-", "") : value > 0 ? `+${text}` : text;
}

function range(name: MeasureName, { low, high }: PairedDifference): string {
  return `${signed(name, low)} to ${signed(name, high)}${isPlainNumber(name) ? "" : " pt"}`;
}

function cell(text: string): string {
  return escaped(oneLine(text, 160));
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|!~]/gu, "\\$&").replace(/\bhttps?:/giu, (scheme) => scheme.replace(":", "&#58;"));
}
