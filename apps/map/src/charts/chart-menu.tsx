import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useDismiss } from "./use-dismiss.ts";

interface ChartMenuProps {
  readonly title: string;
  readonly tabular: boolean;
  readonly children?: ComponentChildren;
  onTable(): void;
  onCsv(): void;
  /** Undefined while there is no picture. */
  onPng: (() => void) | undefined;
}

/** What can be done with a chart. */
export function ChartMenu({ title, tabular, children, onTable, onCsv, onPng }: ChartMenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  const close = useDismiss(details);
  const run = (action: () => void): void => {
    close();
    action();
  };
  return (
    <details class="chart-menu" ref={details}>
      <summary aria-label={`${title}: table and export`} title="Table and export">
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2" />
        </svg>
      </summary>
      <div class="menu-list">
        <button type="button" onClick={() => run(onTable)}>
          {tabular ? "Show the chart" : "Show as table"}
        </button>
        <button type="button" onClick={() => run(onCsv)}>
          Save as CSV
        </button>
        {onPng !== undefined && (
          <button type="button" onClick={() => run(onPng)}>
            Save as PNG
          </button>
        )}
        {children}
      </div>
    </details>
  );
}
