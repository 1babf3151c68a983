import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/**
 * Closes an open `<details>` when somebody goes elsewhere or presses Escape.
 *
 * @returns closes it now, and gives the focus back to its summary
 */
export function useDismiss(details: RefObject<HTMLDetailsElement | null>): () => void {
  const close = (): void => {
    const element = details.current;
    if (element === null || !element.open) return;
    if (element.contains(document.activeElement)) element.querySelector("summary")?.focus();
    element.open = false;
  };

  useEffect(() => {
    const element = details.current;
    if (element === null) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !element.open) return;
      event.stopPropagation();
      element.querySelector("summary")?.focus();
      element.open = false;
    };
    const onElsewhere = (event: Event): void => {
      if (event.target instanceof Node && !element.contains(event.target)) element.open = false;
    };
    element.addEventListener("keydown", onKey);
    document.addEventListener("pointerdown", onElsewhere);
    document.addEventListener("focusin", onElsewhere);
    return () => {
      element.removeEventListener("keydown", onKey);
      document.removeEventListener("pointerdown", onElsewhere);
      document.removeEventListener("focusin", onElsewhere);
    };
  }, [details]);

  return close;
}
