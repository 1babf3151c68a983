import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

interface FieldSelectProps {
  readonly label: string;
  readonly testId: string;
  /** The chosen field. */
  readonly field: Signal<string>;
  readonly children: ComponentChildren;
}

/** Chooses a field of clients. */
export function FieldSelect({ label, testId, field, children }: FieldSelectProps) {
  return (
    <label class="color-by">
      {label}
      <select
        value={field.value}
        data-testid={testId}
        onChange={(event) => {
          field.value = event.currentTarget.value;
        }}
      >
        {children}
      </select>
    </label>
  );
}
