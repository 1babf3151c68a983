import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CloseIcon } from "./icons.tsx";
import "../styles/dialog.css";

interface DialogProps {
  /** Letters before the ids of its parts, and its class. */
  readonly name: string;
  readonly heading: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
  onKeyDown?(event: KeyboardEvent & { currentTarget: HTMLElement }): void;
  /** Takes it off the page. Only that closes it, so that whoever asks for it again before keeps it. */
  onClose(): void;
}

/** What lies over the page until it is closed: by its button, by Escape, or by a click beside it. */
export function Dialog({ name, heading, note, children, onKeyDown, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // Gives the focus back to where it came from, which taking the dialog off the page would not.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      class={`dialog ${name}-dialog`}
      ref={ref}
      aria-labelledby={`${name}-heading`}
      data-testid={`${name}-dialog`}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        if (event.target === event.currentTarget && isBeside(event, event.currentTarget)) onClose();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // Where nobody touched the page since, browsers close it without asking. One that is off the page has told already.
      onClose={({ currentTarget }) => {
        if (currentTarget.isConnected) onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={`${name}-heading`}>{heading}</h2>
        {note}
        <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
          <CloseIcon />
        </button>
      </header>
      {children}
    </dialog>
  );
}

function isBeside({ clientX, clientY }: MouseEvent, element: HTMLElement): boolean {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
