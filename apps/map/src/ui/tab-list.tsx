import type { Signal } from "@preact/signals";

interface TabListProps<T extends string> {
  readonly label: string;
  /** Begins the ids of tabs, and of the one panel that they show. */
  readonly id: string;
  readonly tabs: readonly { readonly name: T; readonly label: string }[];
  readonly chosen: Signal<T>;
}

/** Tabs, of which the arrow keys choose one. The panel is `<id>-panel`. */
export function TabList<T extends string>({ label, id, tabs, chosen }: TabListProps<T>) {
  function onKeyDown(event: KeyboardEvent): void {
    const at = tabs.findIndex(({ name }) => name === chosen.value);
    const moves: Record<string, number> = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    };
    const next = tabs[moves[event.key] ?? -1];
    if (next === undefined) return;
    event.preventDefault();
    chosen.value = next.name;
    document.getElementById(`${id}-${next.name}`)?.focus();
  }

  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map(({ name, label: text }) => (
        <button
          key={name}
          id={`${id}-${name}`}
          type="button"
          role="tab"
          data-testid={`${id}-${name}`}
          aria-selected={chosen.value === name}
          aria-controls={chosen.value === name ? `${id}-panel` : undefined}
          tabIndex={chosen.value === name ? 0 : -1}
          onClick={() => {
            chosen.value = name;
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
