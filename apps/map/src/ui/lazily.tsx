import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";

/**
 * A component whose code is loaded when it is first shown, so that the page is there sooner.
 *
 * @param load - tried again, the next time it is shown, if the server couldn't be reached
 * @param waiting - stands in its place until then; what lies above the page has none, so that nothing below it moves
 */
export function lazily<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: JSX.Element | null = <p class="empty">Loading…</p>,
): (props: P) => JSX.Element | null {
  const state = signal<{ component?: ComponentType<P>; failed?: boolean }>({});

  async function begin(): Promise<void> {
    try {
      state.value = { component: await load() };
    } catch {
      state.value = { failed: true };
    }
  }

  return function Lazily(props: P) {
    const { component: Component, failed = false } = state.value;
    useEffect(() => {
      if (state.peek().component === undefined) void begin();
    }, []);
    if (Component !== undefined) return <Component {...props} />;
    return failed ? <p class="empty">This part of the page can’t be loaded now.</p> : waiting;
  };
}
