import type { RunSeries } from "../../protocol/run-picture.ts";
import { type ChartPlan, show } from "./chart-plan.ts";

const mostRows = 50;

interface ChartTableProps {
  plan: ChartPlan;
  series: RunSeries;
  step: string;
}

/** A chart's numbers as a table, for readers who do not see the lines: every step of a short run, evenly chosen ones of a long run. */
export function ChartTable({ plan: { title, metrics }, series, step }: ChartTableProps) {
  const rows = chosenRows(series.x.length);
  return (
    <div class="chart-table" tabIndex={0} role="group" aria-label={`Numbers of ${title}`}>
      <table class="list numeric">
        <caption class="dim">
          {rows.length < series.x.length ? `${title}: ${rows.length} of ${series.x.length} steps` : title}
        </caption>
        <thead>
          <tr>
            <th scope="col">{step}</th>
            {metrics.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row">{series.x[row]}</th>
              {metrics.map((name) => (
                <td key={name}>{show(series.metrics[name]?.[row])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Places of the rows, the latest first: the last step is always among them. */
export function chosenRows(length: number): number[] {
  const stride = Math.max(1, Math.ceil(length / mostRows));
  const rows: number[] = [];
  for (let row = length - 1; row >= 0; row -= stride) rows.push(row);
  return rows;
}
