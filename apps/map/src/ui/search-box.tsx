import { signal, useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatCount } from "../format.ts";
import { loadSearcher } from "../search/load-searcher.ts";
import type { Matches } from "../search/match-clients.ts";
import type { Suggestion, suggest } from "../search/suggest.ts";
import { useSession } from "../session.ts";
import { CloseIcon, SearchIcon } from "./icons.tsx";

export const SEARCH_ID = "search";
const LIST_ID = "search-suggestions";
const NOTE_ID = "search-note";

/** What is suggested is only needed once somebody begins to write. */
const suggester = signal<{ readonly suggest: typeof suggest } | undefined>(undefined);

async function loadSuggester(): Promise<void> {
  void loadSearcher();
  suggester.value ??= await import("../search/suggest.ts");
}

function countMatches(matches: Matches): number {
  return matches.reduce((sum, match) => sum + match, 0);
}

/** Where clients are searched for: it suggests what may be meant, and says how many are. */
export function SearchBox() {
  const { data, state, table, search, matches } = useSession();
  const input = useRef<HTMLInputElement>(null);
  const caret = useSignal<number | undefined>(undefined);
  const active = useSignal(-1);
  const count = useComputed(() => (matches.value === undefined ? undefined : countMatches(matches.value)));
  const problem = useComputed(() => search.value?.problems(table.value, data.overview.value.metrics)[0]).value;
  const suggestions = useComputed(() => {
    if (caret.value === undefined || suggester.value === undefined) return [];
    const source = { clients: data.clients.value, table: table.value, tally: data.tally.value };
    return suggester.value.suggest(state.filter.value, caret.value, source, data.overview.value.metrics);
  }).value;

  function change(text: string, at: number | undefined): void {
    state.filter.value = text;
    caret.value = at;
    active.value = -1;
  }

  function accept({ text, span }: Suggestion): void {
    const before = state.filter.value;
    const at = span.start + text.length;
    change(before.slice(0, span.start) + text + before.slice(span.end).trimStart(), at);
    const element = input.current;
    if (element === null) return;
    element.value = state.filter.value;
    element.focus();
    element.setSelectionRange(at, at);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const isOpen = suggestions.length > 0;
    if (event.key === "Escape") {
      event.preventDefault();
      if (isOpen) caret.value = undefined;
      else if (state.filter.value !== "") change("", undefined);
      else input.current?.blur();
    } else if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const from = active.value < 0 && event.key === "ArrowUp" ? 0 : active.value;
      active.value = (from + (event.key === "ArrowDown" ? 1 : -1) + suggestions.length) % suggestions.length;
    } else if (isOpen && event.key === "Enter") {
      event.preventDefault();
      const chosen = suggestions[active.value];
      if (chosen !== undefined) accept(chosen);
      else caret.value = undefined;
    }
  }

  const isOpen = suggestions.length > 0;
  return (
    <search class={`search ${problem === undefined ? "" : "with-problem"}`}>
      <SearchIcon />
      <input
        id={SEARCH_ID}
        ref={input}
        type="text"
        inputMode="search"
        role="combobox"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={2000}
        placeholder="Find clients: status:dropped country:DE"
        aria-label="Find clients"
        aria-expanded={isOpen}
        aria-controls={LIST_ID}
        aria-autocomplete="list"
        aria-activedescendant={active.value >= 0 ? `${LIST_ID}-${active.value}` : undefined}
        aria-describedby={NOTE_ID}
        aria-invalid={problem !== undefined}
        data-testid="search"
        value={state.filter.value}
        onFocus={() => void loadSuggester()}
        onInput={({ currentTarget }) => change(currentTarget.value, currentTarget.selectionStart ?? undefined)}
        onClick={({ currentTarget }) => {
          caret.value = currentTarget.selectionStart ?? undefined;
        }}
        onBlur={() => {
          caret.value = undefined;
        }}
        onKeyDown={onKeyDown}
      />
      <span id={NOTE_ID} class="search-note" role="status" data-testid="search-count" data-value={count.value}>
        {count.value !== undefined && `${formatCount(count.value)} of ${formatCount(data.clients.value.ids.length)}`}
      </span>
      {state.filter.value !== "" && (
        <button type="button" class="icon-button" aria-label="Clear the search" onClick={() => change("", undefined)}>
          <CloseIcon />
        </button>
      )}
      <div class={`search-menu ${isOpen || problem !== undefined ? "open" : ""}`}>
        {problem !== undefined && (
          <p class="search-problem" role="alert" data-testid="search-problem">
            {problem.message}
          </p>
        )}
        <div id={LIST_ID} role="listbox" aria-label="Suggestions">
          {suggestions.map((suggestion, index) => (
            <div
              key={suggestion.label}
              id={`${LIST_ID}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active.value}
              onMouseDown={(event) => {
                event.preventDefault();
                accept(suggestion);
              }}
            >
              <bdi>{suggestion.label}</bdi>
              <small>{suggestion.note}</small>
            </div>
          ))}
        </div>
      </div>
    </search>
  );
}
