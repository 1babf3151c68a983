import { type ReadonlySignal, type Signal, useComputed, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Rounds } from "../data/run-data.ts";
import { useSession } from "../session.ts";
import { theme } from "../theme.ts";
import { MetricValue } from "../ui/metric-value.tsx";
import { whenInSight } from "../ui/when-in-sight.ts";
import { ChartFrame } from "./chart-frame.tsx";
import type { ChartSpec } from "./chart-spec.ts";
import { chartTable } from "./chart-table.ts";
import { createPlot, type Plot } from "./plot.ts";
import { type PlotLine, plotData } from "./plot-data.ts";
import { firstAtLeast, nearestPlace, type RoundAxis } from "./round-axis.ts";
import { isEmpty, valueAt } from "./series.ts";
import { useShownIndex } from "./shown-index.ts";
import { Swatch } from "./swatch.tsx";
import { timeMark } from "./time-marks.ts";

/** What a chart draws: the open run's lines, or one line of each run that is compared. */
export interface ChartView {
  readonly spec: ChartSpec;
  readonly lines: readonly PlotLine[];
  readonly rounds: Rounds;
  readonly axis: RoundAxis;
}

interface ChartProps {
  readonly view: ReadonlySignal<ChartView>;
  /** Where along the axis the pointer is, in any chart. */
  readonly hovered: Signal<number | undefined>;
  /** The round whose values stand in the caption, by index; -1: none. */
  readonly read: ReadonlySignal<number>;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A small chart over the rounds. A click goes to the round. */
export function Chart({ view, hovered, read, actions, children }: ChartProps) {
  const { data, player } = useSession();
  const plot = useRef<Plot | undefined>(undefined);
  const { spec, lines, rounds, axis } = view.value;
  const isKnown = rounds.numbers.length > 0 || data.connection.value.phase !== "loading";
  const empty = isKnown && lines.every(({ series }) => isEmpty(series));
  const seekIndex = (index: number | undefined): void => {
    const round = index === undefined ? undefined : rounds.numbers[index];
    if (round !== undefined) player.seek(round);
  };

  return (
    <ChartFrame
      id={spec.id}
      title={titleOf(view.value)}
      class={`${empty ? "without-values" : ""} ${spec.lines.length > 2 ? "wide" : ""}`}
      caption={<Values view={view} read={read} />}
      actions={actions}
      table={() => chartTable(view.peek(), seekIndex)}
      picture={() =>
        plot.current && {
          title: titleOf(view.peek()),
          note: axis.kind === "time" ? "over the time since its first round" : "over its rounds",
          legend: legendOf(view.peek()),
          canvas: plot.current.canvas,
        }
      }
    >
      {isKnown ? (
        <PlotArea
          // A plot keeps its lines: with others it is another plot.
          key={signatureOf(view.value)}
          view={view}
          hovered={hovered}
          plot={plot}
          onSeek={(x) => seekIndex(axis.index[nearestPlace(axis.x, x)])}
        />
      ) : (
        <div class="plot" />
      )}
      {empty && <p class="plot-empty">not reported</p>}
      {children}
    </ChartFrame>
  );
}

interface PlotAreaProps {
  readonly view: ReadonlySignal<ChartView>;
  readonly hovered: Signal<number | undefined>;
  readonly plot: { current: Plot | undefined };
  onSeek(x: number): void;
}

function PlotArea({ view, hovered, plot, onSeek }: PlotAreaProps) {
  const index = useShownIndex();
  const element = useRef<HTMLDivElement>(null);
  const seek = useRef(onSeek);
  seek.current = onSeek;
  const data = useComputed(() => plotData(view.value.lines, bandOf(view.value)));
  const shown = useComputed(() => {
    const { axis } = view.value;
    const place = axis.place[index.value] ?? -1;
    return place < 0 ? undefined : axis.x[place];
  });

  function create(target: HTMLElement, width: number): Plot {
    const { spec, lines, axis } = view.peek();
    const look = {
      lines,
      band: bandOf(view.peek())?.color,
      format: spec.format,
      fromZero: spec.fromZero ?? false,
      whole: spec.whole ?? false,
      formatX: axis.kind === "time" ? timeMark : undefined,
    };
    const created = createPlot(target, width, look, data.peek(), {
      onHover(x) {
        hovered.value = x;
      },
      onSeek: (x) => seek.current(x),
    });
    created.setShown(shown.peek());
    return created;
  }

  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    let width = 0;
    let stopWaiting: (() => void) | undefined;
    // Its first call comes when the page has been laid out: to ask for a width before would have it done for each chart.
    const observer = new ResizeObserver(([entry]) => {
      width = entry?.contentRect.width ?? 0;
      if (width === 0) return;
      plot.current?.setWidth(width);
      // Those further down are not drawn before somebody sees them.
      stopWaiting ??= whenInSight(target, target.closest(".charts-place"), () => {
        plot.current = create(target, width);
      });
    });
    observer.observe(target);
    return () => {
      stopWaiting?.();
      observer.disconnect();
      plot.current?.close();
      plot.current = undefined;
    };
  }, []);

  // There may be no plot yet: what it will depend on is asked for all the same.
  useSignalEffect(() => {
    const next = data.value;
    plot.current?.setData(next);
  });
  useSignalEffect(() => {
    const next = shown.value;
    plot.current?.setShown(next);
  });
  useSignalEffect(() => {
    if (theme.value !== undefined) plot.current?.redraw();
  });
  return <div class="plot" ref={element} />;
}

/** The values of the round that is read: beside the title the most important one, below it the others. */
function Values({ view, read }: { view: ReadonlySignal<ChartView>; read: ReadonlySignal<number> }) {
  const { lines, axis } = view.value;
  const band = bandOf(view.value);
  const x = axis.x[axis.place[read.value] ?? -1];
  // Which line is whose stands above all charts.
  const compares = isComparison(view.value);
  const [main, ...others] = lines.map((line, index) => (
    <Value
      key={`${line.label} ${index}`}
      view={view.value}
      line={line}
      round={line.axis === axis ? read.value : roundAtX(line.axis, x)}
      band={line.label === "median" ? band : undefined}
    />
  ));
  return (
    <>
      {main}
      {others.length > 0 && <span class={`chart-values ${compares ? "comparing" : ""}`}>{others}</span>}
    </>
  );
}

interface ValueProps {
  readonly view: ChartView;
  readonly line: PlotLine;
  /** By index; -1: none. */
  readonly round: number;
  /** The area around the line, if it has one. */
  readonly band: ChartSpec["band"];
}

function Value({ view, line, round, band }: ValueProps) {
  const { spec, lines } = view;
  const compares = isComparison(view);
  const source = line.sourceAt?.(round);
  const title = [line.title, source, band && `shaded: the ${band.label} ${band.title}`].filter(Boolean).join("; ");
  return (
    <span class="chart-value" title={compares ? line.label : title || undefined}>
      <Swatch line={line} area={band?.color} />
      {(lines.length > 1 || source !== undefined) && (
        <bdi class={compares ? "visually-hidden" : "chart-label"}>
          {line.label}
          {isShortSource(source) && `, ${source}`}
        </bdi>
      )}
      <b>
        <MetricValue value={valueAt(line.series, round)} format={spec.format} />
      </b>
    </span>
  );
}

/** A run's newest round up to there; along rounds, the one of the same number. */
function roundAtX(axis: RoundAxis, x: number | undefined): number {
  if (x === undefined) return -1;
  const place = firstAtLeast(axis.x, x);
  if (axis.x[place] === x) return axis.index[place] ?? -1;
  return axis.kind === "round" ? -1 : (axis.index[place - 1] ?? -1);
}

/** What is longer goes into the tooltip alone. */
function isShortSource(source: string | undefined): source is string {
  return source !== undefined && source.length <= 24;
}

/** With several runs there is no room for one's clients. */
function bandOf(view: ChartView): ChartSpec["band"] {
  return isComparison(view) ? undefined : view.spec.band;
}

function isComparison({ lines, axis }: ChartView): boolean {
  return lines.some((line) => line.axis !== axis);
}

function titleOf(view: ChartView): string {
  const { spec } = view;
  return isComparison(view) && spec.lines.length > 1 ? `${spec.title}, ${spec.lines[0]?.label}` : spec.title;
}

function signatureOf({ lines, axis, spec }: ChartView): string {
  return [axis.kind, spec.band !== undefined, ...lines.map(({ color, dash }) => `${color}${dash}`)].join(" ");
}

function legendOf(view: ChartView) {
  const band = bandOf(view);
  return [...view.lines, ...(band === undefined ? [] : [{ label: band.label, color: band.color }])];
}
