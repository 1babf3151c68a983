import type { ComponentChildren, JSX } from "preact";

/** Icons say nothing by themselves: the control around them has the label. */
function icon(children: ComponentChildren): () => JSX.Element {
  return () => (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {children}
    </svg>
  );
}

export const PlayIcon = icon(<path class="solid" d="M4.5 2.8v10.4L13 8z" />);
export const PauseIcon = icon(<path class="solid" d="M4 3h2.8v10H4zM9.2 3H12v10H9.2z" />);
export const BackIcon = icon(<path d="M10 3.5 5.5 8l4.5 4.5" />);
export const ForwardIcon = icon(<path d="M6 3.5 10.5 8 6 12.5" />);
export const ChevronIcon = icon(<path d="m4 6 4 4 4-4" />);
export const PlusIcon = icon(<path d="M8 3.5v9M3.5 8h9" />);
export const MinusIcon = icon(<path d="M3.5 8h9" />);
export const FitIcon = icon(<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1" />
  </>,
);
export const MoonIcon = icon(<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z" />);
export const SystemIcon = icon(<path d="M2 3.5h12v7.5H2zM6 13.5h4" />);
export const HelpIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.2" />
    <path d="M6.2 6.4a1.9 1.9 0 1 1 2.6 1.7c-.6.3-.8.6-.8 1.2M8 11.6v.1" />
  </>,
);
export const InfoIcon = icon(
  <>
    <circle cx="8" cy="8" r="6.2" />
    <path d="M8 7.3v4M8 4.7v.1" />
  </>,
);
export const SearchIcon = icon(<path d="M7 2.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8zM10.3 10.3l3.2 3.2" />);
export const LoopIcon = icon(
  <path d="M3 8a4 4 0 0 1 4-4h5M10 1.8 12.3 4 10 6.2M13 8a4 4 0 0 1-4 4H4M6 14.2 3.7 12 6 9.8" />,
);
export const ColumnsIcon = icon(<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />);
export const ExportIcon = icon(<path d="M8 2.5v7.5M5 7.2l3 3 3-3M3 13.2h10" />);
export const LogoIcon = icon(
  <>
    <path class="logo-cell" d="M8 .8 14.3 4.4v7.2L8 15.2 1.7 11.6V4.4z" />
    <path class="logo-pulse" d="M3.6 8.6h2L6.9 5l2.1 6.2 1.3-2.6h2.1" />
  </>,
);
