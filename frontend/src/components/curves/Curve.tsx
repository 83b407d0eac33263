import "uplot/dist/uPlot.min.css";

import { t } from "@lingui/core/macro";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useEffectEvent, useRef } from "react";
import uPlot from "uplot";

import { metric } from "@/lib/format";
import { smooth } from "@/lib/smooth";

import classes from "./Curve.module.css";
import { CurveData } from "./CurveData";

export interface Point {
  step: number;
  value: number;
}

interface Props {
  /** The metric's own key; it is the axis title too. */
  name: string;
  points: readonly Point[];
  smoothing: number;
  log: boolean;
  /** Curves with the same key share one cursor. */
  syncKey: string;
  height?: number;
  compact?: boolean;
}

/** One metric over steps: drag to zoom, double-click to zoom out. */
export function Curve({ name, points, smoothing, log, syncKey, height = 180, compact = false }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const scheme = useComputedColorScheme();
  const logarithmic = log && points.every((point) => point.value > 0);

  const data = (): uPlot.AlignedData => {
    const values = points.map((point) => point.value);
    return [points.map((point) => point.step), values, smooth(values, smoothing)];
  };
  const showReadout = (chart: uPlot) => {
    if (!readout.current) return;
    const at = chart.cursor.idx ?? chart.data[0].length - 1;
    const [steps, raw] = chart.data;
    const value = raw?.[at];
    readout.current.textContent = value == null ? "" : reading(value, steps[at] ?? 0);
  };

  const build = useEffectEvent((element: HTMLElement) => {
    const chart = new uPlot(
      {
        ...optionsOf({ name, logarithmic, syncKey, compact, smoothed: smoothing > 0 }),
        width: element.clientWidth,
        height,
        hooks: { setCursor: [showReadout], setData: [showReadout], setScale: [tellRange] },
      },
      data(),
      element,
    );
    showReadout(chart);
    return chart;
  });

  const smoothed = smoothing > 0;
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const chart = build(element);
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [scheme, logarithmic, syncKey, height, name, compact, smoothed]);

  const refresh = useEffectEvent(() => {
    const chart = plot.current;
    if (!chart) return;
    // Asked before: uPlot moves its scales later than its data, so a longer curve would look zoomed.
    const zoomed = isZoomed(chart);
    chart.setData(data(), !zoomed);
    if (zoomed) chart.redraw();
  });
  useEffect(() => refresh(), [points, smoothing]);

  return (
    <figure className={classes.curve} aria-label={t`${name} over steps`}>
      <figcaption className={classes.head}>
        <span className={classes.name}>{name}</span>
        <span className={classes.readout} ref={readout} />
      </figcaption>
      <div ref={host} className={classes.host} dir="ltr" style={{ height }} aria-hidden />
      {compact ? null : <CurveData name={name} points={points} />}
    </figure>
  );
}

/** What the canvas shows, for whoever cannot look at it. */
function tellRange(chart: uPlot, key: string) {
  const { max } = chart.scales.x ?? {};
  if (key === "x" && max != null) chart.root.dataset.toStep = String(max);
}

function isZoomed(chart: uPlot): boolean {
  const steps = chart.data[0];
  const { min, max } = chart.scales.x ?? {};
  const [first, last] = [steps[0], steps.at(-1)];
  if (min == null || max == null || first === undefined || last === undefined) return false;
  return min > first || max < last;
}

const FONT = '11px "Inter Variable", sans-serif';

interface Look {
  name: string;
  logarithmic: boolean;
  syncKey: string;
  compact: boolean;
  smoothed: boolean;
}

function optionsOf({ name, logarithmic, syncKey, compact, smoothed }: Look): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(document.documentElement);
  const colour = (variable: string) => style.getPropertyValue(variable).trim();
  const line = colour("--pl-series-0");
  const axis: Partial<uPlot.Axis> = {
    stroke: colour("--pl-muted"),
    grid: { stroke: colour("--pl-line"), width: 1 },
    ticks: { show: false },
    font: FONT,
    labelFont: FONT,
    labelSize: 16,
    labelGap: 0,
  };
  // A line needs two points: one alone is a dot.
  const alone = { show: ({ data }: uPlot) => data[0].length === 1, size: 7, fill: line };
  return {
    // 3 is logarithmic: the names of uPlot's const enum do not exist at run time.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
    scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
    axes: [
      { ...axis, size: 26, gap: 2, ...(compact ? {} : { label: t`step` }) },
      {
        ...axis,
        size: 52,
        gap: 4,
        ...(compact ? {} : { label: name }),
        values: (_chart, ticks) => ticks.map((tick) => (tick as number | null) === null ? "" : metric(tick)),
      },
    ],
    series: [
      {},
      { stroke: smoothed ? fade(line) : line, width: smoothed ? 1 : 1.75, points: alone, spanGaps: true },
      { show: smoothed, stroke: line, width: 1.75, points: { show: false }, spanGaps: true },
    ],
    legend: { show: false },
    cursor: { sync: { key: syncKey, setSeries: false }, points: { size: 6 }, y: false, drag: { x: true, y: false } },
    padding: [8, 8, 0, 0],
  };
}

const reading = (value: number, step: number): string => t`${metric(value)} at step ${metric(step)}`;

const fade = (colour: string): string => (/^#[0-9a-f]{6}$/i.test(colour) ? `${colour}55` : colour);
