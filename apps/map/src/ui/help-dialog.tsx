import { hasShortcuts, type Shortcut, setShortcuts } from "../replay/shortcuts.ts";
import { Dialog } from "./dialog.tsx";
import "../styles/choices.css";
import "../styles/help.css";

/** Keys that belong to a part of the page, and act while that has the focus. */
const LOCAL_KEYS: readonly { readonly shown: string; readonly label: string }[] = [
  { shown: "↑ ↓", label: "in the table and the lists: to the next row; also Page up and down, Home, End" },
  { shown: "Enter", label: "on a row, on the map and on a cell: open the client" },
  { shown: "arrows", label: "on the map: move it; on the grid of clients and in participation: go from cell to cell" },
  { shown: "⇧ arrows", label: "on the map: to the next client, or group of clients" },
  { shown: "+ − 0", label: "on the map: zoom, and fit all clients" },
  { shown: "Esc", label: "close what is open" },
];

const EXAMPLES: readonly { readonly query: string; readonly label: string }[] = [
  { query: "status:dropped country:DE", label: "dropped out, and from a country with DE in its name" },
  { query: "local_accuracy<0.5", label: "a number below; also =, !=, <=, > and >=, with 50%, 20k or 3MB" },
  { query: 'city:"São Paulo"', label: "words with spaces in quotation marks; case and accents make no difference" },
  { query: "status:failed,dropped", label: "one or the other" },
  { query: "-status:active", label: "a minus turns it around" },
  { query: "local_loss:NaN", label: "not a finite number; local_loss:none is where it wasn’t reported" },
  { query: "round_share<0.8 staleness>2", label: "seldom there, and behind" },
  { query: "berlin hospital", label: "any words: of the id, the place or the status" },
];

interface HelpDialogProps {
  readonly shortcuts: readonly Shortcut[];
  onClose(): void;
}

/** What the keys do, and what can be searched for. */
export function HelpDialog({ shortcuts, onClose }: HelpDialogProps) {
  return (
    <Dialog name="help" heading="Help" onClose={onClose}>
      <div class="help-columns">
        <section aria-labelledby="keys-heading">
          <h3 id="keys-heading">Keys</h3>
          <dl>
            {[...shortcuts, ...LOCAL_KEYS].map(({ shown, label }) => (
              <div key={shown}>
                <dt>
                  <kbd>{shown}</kbd>
                </dt>
                <dd>{label}</dd>
              </div>
            ))}
          </dl>
          <label class="check">
            <input
              type="checkbox"
              checked={hasShortcuts.value}
              onChange={({ currentTarget }) => setShortcuts(currentTarget.checked)}
            />
            Single letters and signs are keys
          </label>
        </section>
        <section aria-labelledby="search-heading">
          <h3 id="search-heading">Search</h3>
          <dl>
            {EXAMPLES.map(({ query, label }) => (
              <div key={query}>
                <dt>
                  <code>{query}</code>
                </dt>
                <dd>{label}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
