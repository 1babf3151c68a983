import { useComputed, useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { plural } from "../format.ts";
import { STATUS_ORDER } from "../map/describe-scene.ts";
import { useSession } from "../session.ts";
import { MinusIcon, PlusIcon } from "../ui/icons.tsx";
import { StatusMark } from "../ui/status-mark.tsx";
import { CanvasView, type Stage } from "./canvas-view.tsx";
import { ChartFrame } from "./chart-frame.tsx";
import { drawMatrix } from "./draw-matrix.ts";
import { cellAfter, cellAt, layMatrix, type MatrixCell, scrollTo, ZOOMS } from "./matrix-layout.ts";
import { rowOrder, troubleOrder, UNREAD } from "./matrix-order.ts";
import { matrixTable } from "./matrix-table.ts";
import { clientOrder } from "./multiples-order.ts";
import { OrderSelect } from "./order-select.tsx";
import { useShownIndex } from "./shown-index.ts";

/** How every client stood in every round, those with most trouble on top. A click goes to the client and the round. */
export function ParticipationPanel() {
  const { data, matches, state, table, player } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ x: 0, y: 0 });
  const width = useSignal(0);
  const height = useSignal(0);
  const pointed = useSignal<MatrixCell | undefined>(undefined);
  const shown = useShownIndex().value;
  const participation = data.participation().value;
  const order = useComputed(() => {
    const rows = data.participation().value;
    // The trouble of every round counts as much as how grave it is; any other order is that of the clients' own charts.
    if (state.order.value === "trouble") return troubleOrder(rows, matches.value);
    return rowOrder(
      rows,
      clientOrder(state.order.value, {
        clients: data.clients.value,
        table: table.value,
        tally: data.tally.value,
        field: state.metric.value,
        matches: matches.value,
      }),
    );
  }).value;
  const { ids } = data.clients.value;
  const { numbers } = data.overview.value.rounds;
  const layout = layMatrix(order.length, participation.rounds, state.cells.value, width.value);
  const cell = pointed.value;

  const draw = useCallback(
    (stage: Stage) => {
      width.value = stage.width;
      drawMatrix(stage, {
        layout,
        scroll: scroll.value,
        data: participation,
        order,
        ids,
        numbers,
        shown,
        pointed: cell,
      });
    },
    [participation, order, ids, numbers, shown, cell, scroll.value, state.cells.value, width.value],
  );
  const clientAt = (row: number): number => participation.clients[order[row] ?? -1] ?? -1;
  const pick = ({ row, column }: MatrixCell): void => {
    const id = ids[clientAt(row)];
    const number = column < participation.rounds ? numbers[column] : undefined;
    if (number !== undefined) player.seek(number);
    if (id !== undefined) state.client.value = id;
  };
  const reveal = ({ row, column }: MatrixCell): void => {
    const { cellWidth, cellHeight, left, top } = layout;
    scroller.current?.scrollTo({
      left: scrollTo(scroll.value.x, column * cellWidth, cellWidth, width.value - left),
      top: scrollTo(scroll.value.y, row * cellHeight, cellHeight, height.value - top),
    });
  };
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    // What is moved through by keys must be within their reach.
    element.tabIndex = 0;
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [height]);
  useEffect(() => {
    const { cellWidth, left } = layout;
    if (shown < 0 || width.value === 0) return;
    scroller.current?.scrollTo({
      left: scrollTo(scroll.value.x, shown * cellWidth, cellWidth, width.value - left),
    });
  }, [shown, layout.cellWidth, width.value, participation.rounds]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const next = cellAfter(event.key, cell, { row: 0, column: shown }, order.length, participation.rounds);
    if (event.key === "Enter" && cell !== undefined) pick(cell);
    else if (next !== undefined) {
      pointed.value = next;
      reveal(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const say = cell === undefined ? "" : cellText(cell);

  function cellText({ row, column }: MatrixCell): string {
    const id = ids[clientAt(row)];
    const number = column < participation.rounds ? numbers[column] : undefined;
    const code = participation.status[(order[row] ?? 0) * participation.rounds + column] ?? UNREAD;
    const status = CLIENT_STATUSES[code];
    return [
      id?.slice(0, 80),
      number === undefined ? undefined : `round ${number}`,
      id !== undefined && number !== undefined
        ? status === undefined
          ? "not read yet"
          : STATUS_LABELS[status]
        : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(" · ");
  }

  return (
    <div class="chart-panel" data-testid="participation">
      <ChartFrame
        id="participation-matrix"
        title="Clients by round"
        caption={
          <>
            <span class="chart-value matrix-note">
              <bdi>{say || plural(order.length, "client")}</bdi>
            </span>
            <OrderSelect />
            <Zoom level={state.cells.value} onZoom={(level) => (state.cells.value = level)} />
          </>
        }
        table={() => matrixTable(participation, order, ids, numbers, (row) => pick({ row, column: -1 }))}
        picture={() =>
          canvas.current
            ? { title: "Clients by round", note: "the part in sight", legend: [], canvas: canvas.current }
            : undefined
        }
      >
        <div
          class="matrix-scroll"
          ref={scroller}
          role="application"
          aria-label={`Clients by round: ${plural(order.length, "client")}, ${plural(participation.rounds, "round")}. Arrow keys move, Enter opens.`}
          onScroll={({ currentTarget }) => {
            scroll.value = { x: currentTarget.scrollLeft, y: currentTarget.scrollTop };
          }}
          onKeyDown={onKeyDown}
          onWheel={(event) => {
            if (!event.ctrlKey && !event.metaKey) return;
            event.preventDefault();
            state.cells.value = zoomed(state.cells.value, event.deltaY < 0 ? 1 : -1);
          }}
        >
          <div class="matrix-all" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
            <CanvasView
              class="matrix-view pointed"
              canvas={canvas}
              height={height.value}
              label={`Statuses of ${plural(order.length, "client")} in ${plural(participation.rounds, "round")}`}
              draw={draw}
              onPoint={(x, y) => {
                pointed.value = x === undefined ? undefined : cellAt(layout, scroll.value, x, y);
              }}
              onPick={(x, y) => pick(cellAt(layout, scroll.value, x, y))}
            />
          </div>
        </div>
        <p class="visually-hidden" aria-live="polite">
          {say}
        </p>
        <StatusKey />
      </ChartFrame>
    </div>
  );
}

function Zoom({ level, onZoom }: { level: number; onZoom(level: number): void }) {
  return (
    <span class="zoom">
      <button
        type="button"
        class="icon-button"
        aria-label="Smaller cells"
        disabled={level <= 0}
        onClick={() => onZoom(zoomed(level, -1))}
      >
        <MinusIcon />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Larger cells"
        disabled={level >= ZOOMS.length - 1}
        onClick={() => onZoom(zoomed(level, 1))}
      >
        <PlusIcon />
      </button>
    </span>
  );
}

function zoomed(level: number, by: number): number {
  return Math.max(0, Math.min(ZOOMS.length - 1, level + by));
}

function StatusKey() {
  return (
    <ul class="status-key" aria-label="Marks">
      {STATUS_ORDER.map((status) => (
        <li key={status} class="status-label">
          <StatusMark status={status} />
          {STATUS_LABELS[status]}
        </li>
      ))}
    </ul>
  );
}
