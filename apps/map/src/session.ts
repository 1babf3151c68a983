import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { openRunData } from "./data/open-run-data.ts";
import type { RoundTable, RunData } from "./data/run-data.ts";
import { createRoundViews, type RoundView } from "./model/round-view.ts";
import { createPageState, type PageState } from "./page-state.ts";
import { createPlayer, type Player } from "./replay/player.ts";
import { type ComparedRuns, createComparedRuns } from "./runs/compared-runs.ts";
import { openRunFeed, type RunFeed, type Snapshot } from "./stream/run-feed.ts";
import { readUrl, writeUrl } from "./url-state.ts";

/** Everything about the run that is open: where it comes from, which round is shown, and who is selected. */
export interface Session {
  readonly runId: string;
  readonly data: RunData;
  readonly state: PageState;
  /** The table of the shown round, or of the one before while that is being fetched. */
  readonly table: ReadonlySignal<RoundTable | undefined>;
  /** Which clients the filter lets through: 1, by index; undefined: all. */
  readonly matches: ReadonlySignal<Uint8Array | undefined>;
  /** Other runs that are laid over the charts. */
  readonly compared: ComparedRuns;
  readonly feed: RunFeed;
  readonly snapshot: ReadonlySignal<Snapshot>;
  readonly player: Player;
  /** How every client stands in the shown round. */
  readonly view: ReadonlySignal<RoundView>;
  /** The client whose panel is open. */
  readonly selected: Signal<string | undefined>;
  close(): void;
}

/** Browsers limit how often a page may change its address. */
const URL_DELAY_MS = 300;

/** Opens a run, at the round and client that the page's address names. */
export function openSession(runId: string): Session {
  const url = readUrl(location);
  const feed = openRunFeed(runId);
  const data = openRunData(runId);
  const state = createPageState();
  const player = createPlayer(
    {
      rounds: computed(() => feed.snapshot.value.model.rounds),
      running: computed(() => feed.snapshot.value.model.state.status === "running"),
    },
    url.round,
  );
  const selected = signal(url.clientId);
  const compared = createComparedRuns(state.compared, runId);
  const table = data.table(player.round);
  const matches = computed(() => undefined);
  const viewOf = createRoundViews();
  const view = computed(() => viewOf(feed.snapshot.value.model, player.round.value));

  const stopWriting = effect(() => {
    const round = player.wanted.value;
    const clientId = selected.value;
    const timer = setTimeout(() => {
      history.replaceState(null, "", writeUrl(location.search, { runId, round, clientId }));
    }, URL_DELAY_MS);
    return () => clearTimeout(timer);
  });

  const onHashChange = (): void => {
    const { round, clientId } = readUrl(location);
    if (round === undefined) player.follow();
    else player.seek(round);
    selected.value = clientId;
  };
  addEventListener("hashchange", onHashChange);

  return {
    runId,
    data,
    state,
    table,
    matches,
    compared,
    feed,
    snapshot: feed.snapshot,
    player,
    view,
    selected,
    close() {
      removeEventListener("hashchange", onHashChange);
      stopWriting();
      player.close();
      compared.close();
      feed.close();
      data.close();
    },
  };
}

const SessionContext = createContext<Session | undefined>(undefined);

/** Gives a session to the components below. */
export const SessionProvider = SessionContext.Provider;

/** The session of the run that is open. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("useSession needs a SessionProvider above");
  return session;
}
