import { useComputed } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { formatCount, MISSING, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { fieldLabel } from "../ui/field-names.ts";
import { BackIcon, ForwardIcon } from "../ui/icons.tsx";
import { ChartFrame } from "./chart-frame.tsx";
import { fieldFormat } from "./chart-list.ts";
import type { NumberFormat } from "./chart-spec.ts";
import { axisOf } from "./chart-view.ts";
import { positionOf } from "./line-path.ts";
import { MetricSelect } from "./metric-select.tsx";
import { CARD_HEIGHT, CARD_WIDTH, type Card, type Multiples, multiplesOf } from "./multiples.ts";
import { multiplesCanvas, multiplesTable } from "./multiples-export.ts";
import { clientOrder } from "./multiples-order.ts";
import { OrderSelect } from "./order-select.tsx";
import { useShownIndex } from "./shown-index.ts";
import { useHistory } from "./use-history.ts";
import "../styles/chart-panels.css";
import "../styles/multiples.css";

const ON_A_PAGE = 24;

/** Each client's own small chart, before the cohort. A click opens the client. */
export function MultiplesPanel() {
  const { data, state } = useSession();
  const index = useShownIndex().value;
  const order = useSettledOrder();
  const field = state.metric.value;
  const format = fieldFormat(field);
  const pages = Math.max(1, Math.ceil(order.length / ON_A_PAGE));
  const at = Math.min(state.page.value, pages - 1);
  const clients = useMemo(() => [...order.subarray(at * ON_A_PAGE, (at + 1) * ON_A_PAGE)], [order, at]);
  const history = useHistory(clients);
  const { rounds } = data.overview.value;
  const axis = axisOf(data.overview.value, state.axis.value);
  const digest = data.digest(field).value;
  const loaded = history.value;
  const multiples = useMemo(
    () => loaded && multiplesOf(loaded, field, rounds, axis, digest),
    [loaded, field, rounds, axis, digest],
  );
  const { ids } = data.clients.value;
  const title = `${fieldLabel(field)} by client`;
  const place = axis.place[index] ?? -1;

  return (
    <div class="chart-panel" data-testid="multiples">
      <ChartFrame
        id="multiples"
        title={title}
        caption={
          <>
            <MetricSelect />
            <OrderSelect />
            <span class="pager">
              <button
                type="button"
                class="icon-button"
                aria-label="The clients before"
                disabled={at === 0}
                onClick={() => {
                  state.page.value = at - 1;
                }}
              >
                <BackIcon />
              </button>
              <span>
                {order.length === 0
                  ? "no clients"
                  : `${formatCount(at * ON_A_PAGE + 1)}–${formatCount(at * ON_A_PAGE + clients.length)} of ${formatCount(order.length)}`}
              </span>
              <button
                type="button"
                class="icon-button"
                aria-label="The next clients"
                disabled={at >= pages - 1}
                onClick={() => {
                  state.page.value = at + 1;
                }}
              >
                <ForwardIcon />
              </button>
            </span>
            <span class="chart-value">
              <i class="swatch wide" style={{ background: "var(--chart-band)" }} /> middle 80% of all clients
            </span>
            {multiples !== undefined && (
              <span class="chart-value" title="All charts have the same scale">
                from {format(multiples.up.low)} to {format(multiples.up.high)}
              </span>
            )}
          </>
        }
        table={() => multiplesTable(title, multiples, rounds, axis, ids, format)}
        picture={() =>
          multiples && {
            title,
            note: plural(multiples.cards.length, "client"),
            legend: [],
            canvas: multiplesCanvas(multiples, ids, format),
          }
        }
      >
        {multiples === undefined ? (
          <p class="empty">{clients.length === 0 ? "No client to show." : "Reading the clients’ rounds…"}</p>
        ) : (
          <ul class="multiples">
            {multiples.cards.map((card) => (
              <MultipleCard
                key={card.client}
                card={card}
                all={multiples}
                x={axis.x[place]}
                place={place}
                format={format}
              />
            ))}
          </ul>
        )}
      </ChartFrame>
    </div>
  );
}

/** The clients in the chosen order, which stays while rounds go by: nothing is to jump under the reader's eyes. */
function useSettledOrder(): Uint32Array {
  const { data, state, table, matches, player } = useSession();
  const settled = useRef<{ key: unknown[]; order: Uint32Array } | undefined>(undefined);
  return useComputed(() => {
    const clients = data.clients.value;
    const choice = [state.order.value, state.metric.value, matches.value, clients.ids.length];
    const before = settled.current;
    if (before !== undefined && player.moving.value && choice.every((each, i) => each === before.key[i])) {
      return before.order;
    }
    const order = clientOrder(state.order.value, {
      clients,
      table: table.value,
      tally: data.tally.value,
      field: state.metric.value,
      matches: matches.value,
    });
    settled.current = { key: choice, order };
    return order;
  }).value;
}

interface MultipleCardProps {
  readonly card: Card;
  readonly all: Multiples;
  /** Where the shown round is, and its place along the axis. */
  readonly x: number | undefined;
  readonly place: number;
  readonly format: NumberFormat;
}

function MultipleCard({ card, all, x, place, format }: MultipleCardProps) {
  const { data, state } = useSession();
  const id = data.clients.value.ids[card.client] ?? "";
  const value = card.values[place];
  const at = x === undefined ? undefined : positionOf(all.across, x);
  return (
    <li>
      <button
        type="button"
        class="multiple"
        onClick={() => {
          state.client.value = id;
        }}
      >
        <span class="multiple-head">
          <bdi>{id || "(empty id)"}</bdi>
          <b>{value === undefined || Number.isNaN(value) ? MISSING : format(value)}</b>
        </span>
        <svg viewBox={`0 -3 ${CARD_WIDTH} ${CARD_HEIGHT + 6}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="band" d={all.band} />
          <path class="median" d={all.median} />
          <path class="line" d={card.path} />
          {at !== undefined && <path class="tick" d={`M${at} -3V${CARD_HEIGHT + 3}`} />}
        </svg>
      </button>
    </li>
  );
}
