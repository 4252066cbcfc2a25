import uPlot from "uplot";

/** Steps, then a column a line: the smoothed ones, then the raw ones. */
export type PlotLines = [number[], ...(number | null)[][]];

/** Lines are told apart by dash as well as by colour. */
export const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 3]];
/** The editor's own `charts-orange` is translucent and hardly seen on a dark ground. */
const colours = [
  "charts-blue",
  "charts-foreground",
  "charts-green",
  "charts-purple",
  "charts-red",
  "charts-yellow",
] as const;
const height = 150;

interface PlotEvents {
  /** Steps at which a stage begins, and its name. */
  boundaries(): readonly { at: number; name: string }[];
  /** The step under the pointer; undefined when it left. */
  onMove(x: number | undefined): void;
  onClick(x: number): void;
}

/** Draws lines into an element, in the theme's colours, as wide as the element is. */
export function createPlot(
  element: HTMLElement,
  count: number,
  lines: PlotLines,
  { boundaries, onMove, onClick }: PlotEvents,
): { plot: uPlot; destroy(): void } {
  const axis: uPlot.Axis = {
    stroke: () => colour("descriptionForeground"),
    grid: { stroke: gridColour, width: 1 },
    ticks: { stroke: gridColour, width: 1, size: 4 },
    font: `11px ${style("font-family") || "sans-serif"}`,
  };
  const line = (index: number, faint: boolean): uPlot.Series => ({
    stroke: () => colour(colours[index]!),
    width: faint ? 1 : 1.75,
    alpha: faint ? 0.3 : 1,
    dash: faint ? [] : [...dashes[index]!],
    points: { show: (plot) => !faint && (plot.data[0]?.length ?? 0) < 3, size: 5 },
    spanGaps: true,
  });
  const plot = new uPlot(
    {
      width: Math.max(120, element.clientWidth),
      height,
      legend: { show: false },
      // A single iteration would else stand at the end of a hundred that are not there.
      scales: {
        x: { time: false, range: (_, least, most) => (least < most ? [least, most] : [least ?? 0, (least ?? 0) + 1]) },
      },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: "run" } },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 2,
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? String(value) : "")),
        },
        { ...axis, size: 46, gap: 2, values: (_, splits) => splits.map(tick) },
      ],
      series: [
        {},
        ...Array.from({ length: count }, (_, index) => line(index, false)),
        ...Array.from({ length: count }, (_, index) => line(index, true)),
      ],
      hooks: { draw: [(drawn) => drawBoundaries(drawn, boundaries())] },
    },
    lines as uPlot.AlignedData,
    element,
  );
  const move = ({ offsetX }: MouseEvent): void => onMove(plot.posToVal(offsetX, "x"));
  const leave = (): void => onMove(undefined);
  const click = ({ offsetX }: MouseEvent): void => onClick(plot.posToVal(offsetX, "x"));
  plot.over.addEventListener("mousemove", move);
  plot.over.addEventListener("mouseleave", leave);
  plot.over.addEventListener("click", click);
  const sizes = new ResizeObserver(() => {
    const width = Math.max(120, element.clientWidth);
    if (width !== plot.width) plot.setSize({ width, height });
  });
  sizes.observe(element);
  const themes = new MutationObserver(() => plot.redraw(false));
  themes.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return {
    plot,
    destroy() {
      sizes.disconnect();
      themes.disconnect();
      plot.destroy();
    },
  };
}

/** A fine upright line where a stage begins, with its name. */
function drawBoundaries(plot: uPlot, boundaries: readonly { at: number; name: string }[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour("descriptionForeground");
  ctx.fillStyle = colour("descriptionForeground");
  ctx.font = `${10 * devicePixelRatio}px ${style("font-family") || "sans-serif"}`;
  ctx.textAlign = "left";
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at, name } of boundaries) {
    const x = Math.round(plot.valToPos(at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(name, x + 3 * devicePixelRatio, bbox.top + 10 * devicePixelRatio);
  }
  ctx.restore();
}

function tick(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
  return text.replace("-", "−").replace("e-", "e−");
}

/** In high contrast the border's colour is a strong one, and a grid of it would hide the lines. */
function gridColour(): string {
  const strong = document.body.classList.contains("vscode-high-contrast");
  return strong ? `color-mix(in srgb, ${colour("panel-border")} 40%, transparent)` : colour("panel-border");
}

function colour(name: string): string {
  return style(name) || style("foreground") || "gray";
}

function style(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--vscode-${name}`).trim();
}
