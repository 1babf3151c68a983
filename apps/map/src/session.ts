import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { openRunData } from "./data/open-run-data.ts";
import type { RoundTable, RunData } from "./data/run-data.ts";
import { keepAddress } from "./keep-address.ts";
import { createPageState, type PageState } from "./page-state.ts";
import { createPlayer, type Player } from "./replay/player.ts";
import { type ComparedRuns, createComparedRuns } from "./runs/compared-runs.ts";
import { loadSearcher, searcher } from "./search/load-searcher.ts";
import type { Matches } from "./search/match-clients.ts";
import type { Search } from "./search/searcher.ts";
import { queryOf, readFragment } from "./url-state.ts";

/** Everything about the run that is open: where it comes from, which round is shown, and who is selected. */
export interface Session {
  readonly runId: string;
  readonly data: RunData;
  readonly state: PageState;
  /** The table of the shown round, or of the one before while that is being fetched. */
  readonly table: ReadonlySignal<RoundTable | undefined>;
  /** The filter, as it was understood; undefined: there is none, or not yet. */
  readonly search: ReadonlySignal<Search | undefined>;
  /** Which clients the filter lets through: 1, by index; undefined: all. */
  readonly matches: ReadonlySignal<Matches | undefined>;
  /** Other runs that are laid over the charts. */
  readonly compared: ComparedRuns;
  readonly player: Player;
  close(): void;
}

/** What to open. */
interface SessionSource {
  readonly runId: string;
  /** The head of its map, if that is on a file server; there are no other runs then. */
  readonly map: string | undefined;
  /** Whether somebody asked for this run, and not for whatever runs. */
  readonly isPicked: boolean;
}

/** Opens a run, at the round and client that the page's address names. */
export function openSession({ runId, map, isPicked }: SessionSource): Session {
  const data = openRunData(runId, map);
  const state = createPageState();
  const { round } = readFragment(location.hash, state);
  const player = createPlayer(
    {
      rounds: computed(() => data.overview.value.rounds),
      running: computed(() => data.overview.value.status === "running"),
      axis: state.axis,
      speed: state.speed,
      loop: state.loop,
    },
    round,
  );
  const compared = createComparedRuns(map === undefined ? state.compared : signal([]), runId);
  const table = data.table(player.round);
  const search = computed(() => (state.filter.value === "" ? undefined : searcher.value?.(state.filter.value)));
  const matches = computed(() =>
    search.value?.matches({ clients: data.clients.value, table: table.value, tally: data.tally.value }),
  );
  const stopLoading = effect(() => {
    if (state.filter.value !== "") void loadSearcher();
  });
  const queryFrom = (search: string, fragment: string): string => {
    if (map !== undefined) return search;
    return queryOf(search, isPicked || fragment !== "" ? runId : undefined);
  };
  const stopKeeping = keepAddress(queryFrom, state, player);

  return {
    runId,
    data,
    state,
    table,
    search,
    matches,
    compared,
    player,
    close() {
      stopKeeping();
      stopLoading();
      player.close();
      compared.close();
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
