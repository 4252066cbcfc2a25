import type { RunSeries } from "../../protocol/run-picture.ts";
import { metricNames, planCharts } from "./chart-plan.ts";
import { Chart } from "./chart.tsx";
import { openIteration, picture, smoothing, tables } from "./model.ts";

const bounds = { min: 0, max: 0.98, step: 0.02 };

/** Every number of the run over its iterations, a chart a family; before them the supervised start, after them the evaluations. */
export function Charts() {
  const { training, supervised, evaluations, stages } = picture.value;
  if (training.x.length + supervised.x.length + evaluations.x.length === 0)
    return <p class="content dim">The first numbers come when the first iteration ends.</p>;
  return (
    <div class="content">
      <div class="tools">
        <label>
          Smoothing{" "}
          <input
            type="range"
            {...bounds}
            value={smoothing.value}
            onInput={({ currentTarget: { valueAsNumber } }) => (smoothing.value = valueAsNumber)}
          />
          <output class="numeric"> {smoothing.value.toFixed(2)}</output>
        </label>
        <label>
          <input
            type="checkbox"
            checked={tables.value}
            onChange={({ currentTarget: { checked } }) => (tables.value = checked)}
          />{" "}
          Numbers as tables
        </label>
        <span class="dim">Arrow keys move along a chart; Enter opens that iteration's rollouts.</span>
      </div>
      <Family heading="Evaluation" series={evaluations} step="Iteration" />
      <Family
        heading="Reinforcement learning"
        // As everywhere on the page, the first iteration is number 1; an evaluation stands at the number of those before it.
        series={{ ...training, x: training.x.map((iteration) => iteration + 1) }}
        step="Iteration"
        onOpen={(number) => openIteration(number - 1)}
        stages={stages}
      />
      <Family heading="Supervised start" series={supervised} step="Step" />
    </div>
  );
}

interface FamilyProps {
  heading: string;
  series: RunSeries;
  step: string;
  onOpen?: (step: number) => void;
  stages?: readonly string[];
}

function Family({ heading, series, step, onOpen, stages = [] }: FamilyProps) {
  if (series.x.length === 0) return null;
  return (
    <section class="family" aria-label={heading}>
      <h2>{heading}</h2>
      <div class="charts">
        {planCharts(metricNames(series)).map((plan) => (
          <Chart
            key={plan.title}
            plan={plan}
            series={series}
            step={step}
            stages={stages}
            {...(onOpen ? { onOpen } : {})}
          />
        ))}
      </div>
    </section>
  );
}
