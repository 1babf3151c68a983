import { CLIENT_STATUSES, STATUS_CODES } from "../data/statuses.ts";
import { DIMMED, FIRST_STEP, NO_VALUE } from "./color-scale.ts";
import type { Places } from "./places.ts";

/**
 * The clients in the order in which they are drawn: those that the filter holds back, then those without a value, and the
 * gravest last, on top. Of so many that they cover each other none comes last for its status: of each colour there is as
 * much to be seen as there are clients.
 *
 * @param places - leaves those out that have none
 */
export function drawingOrder(codes: Uint8Array, places: Places | undefined): Uint32Array {
  const ranks = codes.length > CROWD ? FAIR_RANK_OF : RANK_OF;
  const starts = new Uint32Array(RANKS + 1);
  const lat = places?.lat;
  for (let i = 0; i < codes.length; i++) {
    if (lat !== undefined && Number.isNaN(lat[i])) continue;
    const next = (ranks[codes[i] ?? 0] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let rank = 1; rank <= RANKS; rank++) starts[rank] = (starts[rank] ?? 0) + (starts[rank - 1] ?? 0);
  const order = new Uint32Array(starts[RANKS] ?? 0);
  for (let i = 0; i < codes.length; i++) {
    if (lat !== undefined && Number.isNaN(lat[i])) continue;
    const rank = ranks[codes[i] ?? 0] ?? 0;
    const at = starts[rank] ?? 0;
    order[at] = i;
    starts[rank] = at + 1;
  }
  return order;
}

const RANKS = 32;

/** More clients than this cover each other. */
const CROWD = 5000;

/** By colour code. All steps of a scale rank the same: neither high nor low values may cover the others. */
const RANK_OF = Uint8Array.from({ length: 256 }, (_, code) => {
  const bright = code < DIMMED;
  const plain = code % DIMMED;
  const rank = plain < FIRST_STEP ? CLIENT_STATUSES.length - 1 - plain : plain === NO_VALUE ? 0 : 1;
  return (bright ? RANKS / 2 : 0) + Math.max(0, rank);
});

/** The same, but all statuses that say something rank the same. */
const FAIR_RANK_OF = RANK_OF.map((rank, code) => {
  const isIdle = code % DIMMED === STATUS_CODES.idle;
  return code % DIMMED < FIRST_STEP && !isIdle ? rank - (rank % (RANKS / 2)) + 1 : rank;
});
