import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Where an element is scrolled to, and how high what is seen of it is. */
export interface Scroll<T extends HTMLElement> {
  readonly element: RefObject<T | null>;
  readonly top: Signal<number>;
  readonly viewport: Signal<number>;
}

export function useScroll<T extends HTMLElement>(): Scroll<T> {
  const element = useRef<T>(null);
  const top = useSignal(0);
  const viewport = useSignal(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const onScroll = (): void => {
      top.value = target.scrollTop;
    };
    const observer = new ResizeObserver(() => {
      viewport.value = target.clientHeight;
      top.value = target.scrollTop;
    });
    target.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(target);
    return () => {
      target.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, [top, viewport]);
  return { element, top, viewport };
}
