import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import type { RunSeries } from "../../protocol/run-picture.ts";
import { type ChartPlan, show } from "./chart-plan.ts";
import { ChartTable } from "./chart-table.tsx";
import { createPlot, dashes, type PlotLines } from "./plot.ts";
import { drawn, smoothing, tables } from "./model.ts";
import { downsample, nearest, smooth } from "./smooth.ts";

/** More points than this cannot be told apart on a screen. */
const mostPoints = 1_200;

interface ChartProps {
  plan: ChartPlan;
  series: RunSeries;
  /** What the x axis counts. */
  step: string;
  stages: readonly string[];
  /** Opens what belongs to a step. */
  onOpen?: (step: number) => void;
}

/**
 * A chart with its values in words. It is one stop of the tab key: arrows move along it, and what is under the cursor is said as the
 * value of a slider. The picture itself is for eyes alone; `ChartTable` has the same numbers.
 */
export function Chart({ plan, series, step, stages, onOpen }: ChartProps) {
  const { title, unit, metrics } = plan;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [at, setAt] = useState<number | undefined>(undefined);
  const heading = useId();
  const last = series.x.length - 1;
  const shown = at === undefined ? last : Math.min(at, last);
  const lines = useMemo<PlotLines>(
    () => linesOf(series, metrics, smoothing.value),
    [series, drawn.value, smoothing.value, metrics.join(" ")],
  );
  const live = useRef({ lines, series, onOpen });
  live.current = { lines, series, onOpen };

  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const made = createPlot(element, metrics.length, lines, {
      boundaries: () => boundariesOf(live.current.series.x, stages),
      onMove: (x) => setAt(x === undefined ? undefined : nearest(live.current.series.x, x)),
      onClick: (x) => {
        const place = nearest(live.current.series.x, x);
        if (place >= 0) live.current.onOpen?.(live.current.series.x[place]!);
      },
    });
    plot.current = made.plot;
    return made.destroy;
  }, [metrics.join(" ")]);
  useEffect(() => plot.current?.setData(lines as uPlot.AlignedData), [lines]);

  const move = (to: number): void => {
    const place = Math.max(0, Math.min(last, to));
    setAt(place);
    const made = plot.current;
    made?.setCursor({ left: made.valToPos(series.x[place]!, "x"), top: made.over.clientHeight / 2 }, false);
  };
  const values = metrics.map((name) => `${name} ${show(series.metrics[name]?.[shown])}`).join(", ");
  return (
    <figure class="chart">
      <figcaption id={heading}>
        <h3>
          {title} {unit !== "" && <span class="dim">{unit}</span>}
        </h3>
      </figcaption>
      <div
        class="plot"
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-labelledby={heading}
        aria-valuemin={series.x[0] ?? 0}
        aria-valuemax={series.x[last] ?? 0}
        aria-valuenow={series.x[shown] ?? 0}
        aria-valuetext={`${step} ${series.x[shown]}: ${values}`}
        onKeyDown={(event) => {
          const to = target(event.key, shown, last);
          if (to !== undefined) {
            event.preventDefault();
            move(to);
          } else if (event.key === "Enter") onOpen?.(series.x[shown]!);
        }}
        onBlur={() => setAt(undefined)}
      />
      <p class="readout numeric" aria-hidden="true">
        <span class="dim">
          {step} {series.x[shown]}
        </span>
        {metrics.map((name, index) => (
          <span key={name} class="value">
            <svg class={`line line-${index}`} width="18" height="8">
              <line x1="0" y1="4" x2="18" y2="4" stroke-dasharray={dashes[index]!.join(" ")} />
            </svg>{" "}
            {metrics.length > 1 && <span class="name">{name}</span>} {show(series.metrics[name]?.[shown])}
          </span>
        ))}
      </p>
      {tables.value && <ChartTable plan={plan} series={series} step={step} />}
    </figure>
  );
}

/** What uPlot draws: the smoothed lines, and under them the values themselves where these differ. */
function linesOf(series: RunSeries, metrics: readonly string[], weight: number): PlotLines {
  const raw = metrics.map((name) => series.metrics[name] ?? []);
  const smoothed = raw.map((column) => smooth(column, weight));
  const faint = weight > 0 ? raw : raw.map((column) => column.map(() => null));
  const { x, columns } = downsample(series.x, [...smoothed, ...faint], mostPoints);
  return [x, ...columns];
}

function boundariesOf(x: readonly number[], stages: readonly string[]): { at: number; name: string }[] {
  return x.flatMap((value, index) =>
    index > 0 && stages[index] !== stages[index - 1] ? [{ at: value - 0.5, name: stages[index] ?? "" }] : [],
  );
}

function target(key: string, from: number, last: number): number | undefined {
  const page = Math.max(1, Math.round(last / 20));
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowDown: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from + 1,
    PageDown: from - page,
    PageUp: from + page,
    Home: 0,
    End: last,
  };
  return Object.hasOwn(steps, key) ? steps[key] : undefined;
}
