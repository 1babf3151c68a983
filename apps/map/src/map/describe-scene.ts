import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { formatCount, plural } from "../format.ts";
import type { Scene } from "./scene.ts";

/** The statuses as people look for them. */
export const STATUS_ORDER = [
  "active",
  "waiting",
  "straggler",
  "non_finite",
  "dropped",
  "failed",
  "missing",
  "idle",
] as const satisfies readonly (typeof CLIENT_STATUSES)[number][];

/** What tells assistive technology of the map: it takes keys as an application does. */
export function surfaceAttributes(scene: Scene) {
  return {
    tabIndex: 0,
    "aria-roledescription": scene.grid === undefined ? "map" : "grid of clients",
    "aria-label": `${describeScene(scene)} ${describeKeys(scene)}`,
  } as const;
}

/** What there is to be seen, in a sentence for those who don't see it. */
function describeScene({ count, counts, places, grid, server, table }: Scene): string {
  const standings = STATUS_ORDER.flatMap((status) => {
    const number = counts[CLIENT_STATUSES.indexOf(status)] ?? 0;
    return number > 0 ? `${STATUS_LABELS[status]} ${formatCount(number)}` : [];
  });
  const parts = [
    `${grid === undefined ? "Map" : "Grid"} of ${plural(count, "client")}${table === undefined ? "" : ` in round ${table.round}`}`,
    standings.join(", "),
    count > places.located ? `${formatCount(count - places.located)} without a place` : "",
    server === undefined ? "the server’s place is unknown" : "",
  ];
  return `${parts.filter((part) => part !== "").join("; ")}.`;
}

/** Which keys do what. */
function describeKeys({ grid }: Scene): string {
  const walk =
    grid === undefined
      ? "Arrow keys move the map, with Shift they go from site to site"
      : "Arrow keys go from client to client";
  return `${walk}; Enter opens, plus and minus zoom, 0 shows all. The table of clients holds the same.`;
}
