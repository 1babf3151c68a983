import { CLIENT_STATUSES, type ClientStatus } from "../data/statuses.ts";
import { DIMMED, FIRST_STEP, NO_VALUE, NON_FINITE } from "./color-scale.ts";
import { mixColors, viridisScale } from "./viridis.ts";

/** The colours of a canvas, which the style sheet's variables say. */
export interface Palette {
  readonly ocean: string;
  readonly land: string;
  readonly border: string;
  readonly graticule: string;
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly server: string;
  readonly up: string;
  readonly down: string;
  readonly status: Readonly<Record<ClientStatus, string>>;
}

/** The variable that holds a status's colour. */
function statusVariable(status: ClientStatus): string {
  return `--status-${status.replace("_", "-")}`;
}

/** The theme's palette. @param color - reads a variable of the style sheet */
export function readPalette(color: (name: string) => string): Palette {
  const status = (name: ClientStatus): string => color(statusVariable(name));
  return {
    ocean: color("--map-ocean"),
    land: color("--map-land"),
    border: color("--map-border"),
    graticule: color("--map-graticule"),
    surface: color("--surface"),
    text: color("--text"),
    muted: color("--text-muted"),
    line: color("--line"),
    server: color("--server"),
    up: color("--up"),
    down: color("--down"),
    status: {
      failed: status("failed"),
      dropped: status("dropped"),
      non_finite: status("non_finite"),
      straggler: status("straggler"),
      missing: status("missing"),
      waiting: status("waiting"),
      active: status("active"),
      idle: status("idle"),
    },
  };
}

/** A colour for each code that a client can have. */
export interface Paint {
  readonly colors: readonly string[];
  /** The same as pixels. */
  readonly pixels: Uint32Array;
}

/** How much of a colour is left of a client that the filter holds back. */
const DIMMED_SHARE = 0.22;

/** @param dark - whether the theme is */
export function paintOf(palette: Palette, dark: boolean): Paint {
  const colors = new Array<string>(2 * DIMMED).fill(palette.muted);
  CLIENT_STATUSES.forEach((status, code) => {
    colors[code] = palette.status[status];
  });
  viridisScale(dark).forEach((color, step) => {
    colors[FIRST_STEP + step] = color;
  });
  colors[NO_VALUE] = palette.status.idle;
  colors[NON_FINITE] = palette.status.non_finite;
  for (let code = 0; code < DIMMED; code++) {
    colors[code + DIMMED] = mixColors(palette.land, colors[code] ?? palette.muted, DIMMED_SHARE);
  }
  return { colors, pixels: Uint32Array.from(colors, pixelOf) };
}

/** A `#rrggbb` colour as a pixel of `ImageData` seen as 32-bit little-endian numbers. */
export function pixelOf(color: string): number {
  const value = Number.parseInt(color.slice(1), 16);
  const [red, green, blue] = [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
  return ((0xff << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
