import { useComputed, useSignal } from "@preact/signals";
import type { History } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { MISSING } from "../format.ts";
import { useSession } from "../session.ts";
import { alignRounds, cohortPlot, rankIn } from "./cohort-plot.ts";
import { fieldLabel, fieldText } from "./field-names.ts";
import { statusRuns } from "./status-strip.ts";

const SIZE = { width: 340, height: 44 };
const MAX_PLACES = 170;

/** So many charts are shown at first. */
const FIRST_CHARTS = 4;

/** How a client did over the rounds, each number beside those of all clients. */
export function ClientCharts({ history }: { history: History | undefined }) {
  const { data } = useSession();
  const showsAll = useSignal(false);
  if (history === undefined) return <p class="empty">Reading its rounds…</p>;
  const fields = [...history.fields.keys()].filter((name) => !name.startsWith("_") && name !== "base_round");
  const { metrics } = data.overview.value;
  fields.sort((a, b) => rankOf(metrics, a) - rankOf(metrics, b));
  const shown = showsAll.value ? fields : fields.slice(0, FIRST_CHARTS);
  return (
    <>
      <StatusStrip history={history} />
      {shown.map((field) => (
        <CohortChart key={field} field={field} history={history} />
      ))}
      {fields.length === 0 && <p class="empty">It has reported no numbers</p>}
      {shown.length < fields.length && (
        <button
          type="button"
          class="text-button"
          onClick={() => {
            showsAll.value = true;
          }}
        >
          {fields.length - shown.length} more
        </button>
      )}
    </>
  );
}

function rankOf(metrics: readonly string[], field: string): number {
  const rank = metrics.indexOf(field);
  return rank < 0 ? metrics.length : rank;
}

function CohortChart({ field, history }: { field: string; history: History }) {
  const { data, player } = useSession();
  const digest = data.digest(field);
  const { numbers } = data.overview.value.rounds;
  const values = alignRounds(history.rounds, history.fields.get(field) ?? [], numbers);
  const plot = useComputed(() => digest.value).value;
  const drawn = cohortPlot(values, plot, SIZE);
  const index = player.index.value;
  const value = values[index] ?? Number.NaN;
  const rank = rankIn(plot, index, value);
  const label = fieldLabel(field);
  const x = numbers.length > 1 ? (index / (numbers.length - 1)) * SIZE.width : SIZE.width / 2;
  return (
    <figure class="cohort" data-testid="cohort-chart" data-field={field}>
      <figcaption>
        <bdi class="cohort-name">{label}</bdi>
        <b>{Number.isNaN(value) ? MISSING : fieldText(field, value)}</b>
        <span class="cohort-rank">{rank === undefined ? "" : `above ${Math.round(rank * 100)}%`}</span>
      </figcaption>
      {drawn !== undefined && (
        <svg
          viewBox={`0 -3 ${SIZE.width} ${SIZE.height + 6}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${label} over the rounds, from ${fieldText(field, drawn.low)} to ${fieldText(field, drawn.high)}, with the middle 80% of all clients`}
        >
          <path class="cohort-band" d={drawn.band} />
          <path class="cohort-median" d={drawn.median} />
          <line class="cohort-shown" x1={x} x2={x} y1={-3} y2={SIZE.height + 3} />
          <path class="cohort-own" d={drawn.own} />
        </svg>
      )}
    </figure>
  );
}

/** How the client stood in each round. */
function StatusStrip({ history }: { history: History }) {
  const { player } = useSession();
  const count = history.rounds.length;
  const at = history.rounds.indexOf(player.round.value ?? Number.NaN);
  return (
    <svg
      class="status-strip"
      viewBox={`0 0 ${Math.max(count, 1)} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`How the client stood in each round: ${statusSummary(history.status)}`}
      data-testid="status-strip"
    >
      {statusRuns(history.status, MAX_PLACES).map(({ start, end, status }) => {
        const name = CLIENT_STATUSES[status] ?? "idle";
        const gap = count <= MAX_PLACES ? 0.08 : 0;
        return (
          <rect key={start} class={`status-${name}`} x={start + gap} width={end - start - 2 * gap} height="1">
            <title>{`${roundsText(history.rounds, start, end)}: ${STATUS_LABELS[name]}`}</title>
          </rect>
        );
      })}
      {at >= 0 && <rect class="shown" x={at} width="1" height="1" />}
    </svg>
  );
}

function roundsText(rounds: Float64Array, start: number, end: number): string {
  return end - start === 1 ? `Round ${rounds[start]}` : `Rounds ${rounds[start]} to ${rounds[end - 1]}`;
}

function statusSummary(status: Uint8Array): string {
  return CLIENT_STATUSES.flatMap((name, code) => {
    let count = 0;
    for (const own of status) if (own === code) count++;
    return count === 0 ? [] : [`${STATUS_LABELS[name]} ${count}`];
  }).join(", ");
}
