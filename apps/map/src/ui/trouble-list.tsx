import { useComputed } from "@preact/signals";
import { FINDING_KINDS, type Finding, type FindingKind } from "../data/run-data.ts";
import { toggled } from "../data/toggled.ts";
import { formatCount, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { KIND_WORDS } from "./finding-kinds.ts";
import { findingText } from "./finding-text.ts";
import { StatusMark } from "./status-mark.tsx";
import { VirtualList } from "./virtual-list.tsx";

const ROW_HEIGHT = 44;

/** What needs somebody's attention over the whole run, the newest first; each leads to its client and round. */
export function TroubleList() {
  const { data, state } = useSession();
  const list = useComputed(() => newestFirst(data.findings.value.list, state.kinds.value)).value;
  const { counts } = data.findings.value;
  const kinds = state.kinds.value;
  const known = FINDING_KINDS.filter((kind) => counts[kind] > 0);
  const wanted = known.filter((kind) => kinds.length === 0 || kinds.includes(kind));
  const total = wanted.reduce((sum, kind) => sum + counts[kind], 0);
  const isReading = data.progress.value < 1;
  return (
    <section class="panel trouble" aria-labelledby="trouble-heading" data-testid="trouble">
      <header class="panel-head">
        <h2 id="trouble-heading">Trouble</h2>
        <span class="panel-note" data-testid="finding-count" data-value={total}>
          {total > list.length
            ? `the gravest ${formatCount(list.length)} of ${formatCount(total)}`
            : formatCount(total)}
        </span>
        {isReading && <span class="panel-note">reading… {Math.floor(data.progress.value * 100)}%</span>}
        <UnreadNote />
      </header>
      {known.length > 0 && (
        <fieldset class="chips" aria-label="Kinds of trouble">
          {known.map((kind) => (
            <button
              key={kind}
              type="button"
              class="chip"
              aria-pressed={kinds.includes(kind)}
              data-kind={kind}
              onClick={() => {
                state.kinds.value = toggled(kinds, kind);
              }}
            >
              <StatusMark status={KIND_WORDS[kind].mark} />
              {KIND_WORDS[kind].plural}
              <small>{formatCount(counts[kind])}</small>
            </button>
          ))}
        </fieldset>
      )}
      {list.length === 0 ? (
        <p class="empty">{emptyText(known.length > 0, isReading)}</p>
      ) : (
        <VirtualList
          key={kinds.join()}
          count={list.length}
          rowHeight={ROW_HEIGHT}
          label="What went wrong, the newest first"
          keyOf={(row) => keyOf(list[row])}
          render={(row, tabIndex) => {
            const finding = list[row];
            return finding === undefined ? null : <FindingItem finding={finding} tabIndex={tabIndex} />;
          }}
        />
      )}
    </section>
  );
}

/** Of a very large run not all rounds are looked through. */
function UnreadNote() {
  const unread = useSession().data.unread.value;
  if (unread === undefined) return null;
  return (
    <span class="panel-note" data-testid="unread-rounds">
      {plural(unread.count, "round")}, {unread.first} to {unread.last}, not looked through: the run is too large
    </span>
  );
}

function emptyText(hasOthers: boolean, isReading: boolean): string {
  if (hasOthers) return "None of these kinds";
  return isReading ? "Looking through the rounds…" : "Nothing has gone wrong so far";
}

/** One finding, which leads to its client and round. */
export function FindingItem({ finding, tabIndex = 0 }: { finding: Finding; tabIndex?: 0 | -1 }) {
  const { data, player, state } = useSession();
  const { kind, round, client } = finding;
  const text = findingText(finding);
  const id = data.clients.value.ids[client] ?? "";
  return (
    <button
      type="button"
      class={`finding ${round === player.round.value ? "in-round" : ""}`}
      data-testid="finding"
      data-kind={kind}
      data-client-id={id}
      data-round={round}
      tabIndex={tabIndex}
      title={text}
      onClick={() => {
        state.client.value = id;
        player.seek(round);
      }}
    >
      <StatusMark status={KIND_WORDS[kind].mark} />
      <span class="finding-text">
        <span class="finding-what">
          <bdi>
            <b>{id}</b>
          </bdi>{" "}
          {KIND_WORDS[kind].label}
        </span>
        <bdi class="finding-detail">{text}</bdi>
      </span>
      <span class="finding-when">round {round}</span>
    </button>
  );
}

/** The newest round first, in it the gravest kind, of that the highest score. */
function newestFirst(findings: readonly Finding[], kinds: readonly FindingKind[]): Finding[] {
  const wanted = kinds.length === 0 ? [...findings] : findings.filter(({ kind }) => kinds.includes(kind));
  return wanted.sort(
    (a, b) =>
      b.round - a.round ||
      FINDING_KINDS.indexOf(a.kind) - FINDING_KINDS.indexOf(b.kind) ||
      (b.score ?? 0) - (a.score ?? 0),
  );
}

function keyOf(finding: Finding | undefined): string {
  if (finding === undefined) return "";
  const { kind, round, client, facts } = finding;
  return `${kind} ${round} ${client} ${facts?.map(({ field }) => field)}`;
}
