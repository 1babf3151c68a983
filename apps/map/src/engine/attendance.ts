import type { Tally } from "../data/run-data.ts";
import { STATUS_CODES } from "../data/statuses.ts";

/**
 * How often each client took part in the rounds that were read. It goes along with each round: to count anew over all of a
 * long run each time that something has come would soon take longer than the rounds do.
 */
export interface Attendance {
  /** The rounds that are counted, ascending. */
  rounds(): number[];
  /**
   * Counts a round.
   *
   * @param standing - index in `CLIENT_STATUSES` by client
   * @param before - what was counted of the round, if it was
   * @param all - the standings of all rounds, this one's among them
   */
  count(round: number, standing: Uint8Array, before: Uint8Array | undefined, all: Standings): void;
  /** @param clients - how many there are */
  tally(clients: number): Tally;
  /** The first round with a result of a client; NaN: none. */
  firstResult(client: number): number;
  /** The last round with a result of a client, or in which one is waited for; NaN: none. */
  lastSeen(client: number): number;
}

/** By round. */
type Standings = () => Iterable<readonly [round: number, standing: Uint8Array | undefined]>;

interface Counts {
  completed: Uint32Array;
  involved: Uint32Array;
  dropouts: Uint32Array;
  failures: Uint32Array;
  stragglers: Uint32Array;
}

const COUNTS = ["completed", "involved", "dropouts", "failures", "stragglers"] as const;

export function createAttendance(): Attendance {
  const counted = new Set<number>();
  const counts: Counts = {
    completed: new Uint32Array(0),
    involved: new Uint32Array(0),
    dropouts: new Uint32Array(0),
    failures: new Uint32Array(0),
    stragglers: new Uint32Array(0),
  };
  let first = new Float64Array(0);
  let last = new Float64Array(0);
  let seen = new Float64Array(0);

  function makeRoom(clients: number): void {
    if (clients <= first.length) return;
    const room = 2 ** Math.ceil(Math.log2(clients));
    for (const name of COUNTS) counts[name] = extended(counts[name], new Uint32Array(room));
    const never = (): Float64Array<ArrayBuffer> => new Float64Array(room).fill(Number.NaN);
    first = extended(first, never());
    last = extended(last, never());
    seen = extended(seen, never());
  }

  function add(client: number, status: number, by: 1 | -1): void {
    if (status === STATUS_CODES.idle) return;
    const change = (name: keyof Counts): void => {
      counts[name][client] = (counts[name][client] ?? 0) + by;
    };
    change("involved");
    if (isResult(status)) change("completed");
    if (status === STATUS_CODES.straggler) change("stragglers");
    if (status === STATUS_CODES.dropped) change("dropouts");
    if (status === STATUS_CODES.failed) change("failures");
  }

  /** NaN compares as neither less nor greater. */
  function note(round: number, client: number, status: number): void {
    if (isResult(status)) {
      if (!((first[client] ?? Number.NaN) <= round)) first[client] = round;
      if (!((last[client] ?? Number.NaN) >= round)) last[client] = round;
    }
    if (isSeen(status) && !((seen[client] ?? Number.NaN) >= round)) seen[client] = round;
  }

  /** @returns whether the round was a client's first or last */
  function forgetAt(round: number, client: number): boolean {
    const isKnown = first[client] === round || last[client] === round || seen[client] === round;
    for (const rounds of [first, last, seen]) if (rounds[client] === round) rounds[client] = Number.NaN;
    return isKnown;
  }

  return {
    rounds: () => [...counted].sort((a, b) => a - b),
    count(round, standing, before, all) {
      // What was counted, and is no longer known, stays.
      if (counted.has(round) && before === undefined) return;
      counted.add(round);
      makeRoom(Math.max(standing.length, before?.length ?? 0));
      const gone: number[] = [];
      for (let client = 0; client < (before?.length ?? 0); client++) {
        const [old, next] = [statusIn(before, client), statusIn(standing, client)];
        add(client, old, -1);
        if ((isResult(old) && !isResult(next)) || (isSeen(old) && !isSeen(next))) gone.push(client);
      }
      for (let client = 0; client < standing.length; client++) {
        const status = statusIn(standing, client);
        add(client, status, 1);
        note(round, client, status);
      }
      const lost = gone.filter((client) => forgetAt(round, client));
      if (lost.length === 0) return;
      for (const [other, own] of all()) for (const client of lost) note(other, client, statusIn(own, client));
    },
    tally(clients) {
      makeRoom(clients);
      const own = (name: keyof Counts): Uint32Array => counts[name].slice(0, clients);
      return {
        rounds: counted.size,
        completed: own("completed"),
        involved: own("involved"),
        dropouts: own("dropouts"),
        failures: own("failures"),
        stragglers: own("stragglers"),
        lastResult: last.slice(0, clients),
      };
    },
    firstResult: (client) => first[client] ?? Number.NaN,
    lastSeen: (client) => seen[client] ?? Number.NaN,
  };
}

function statusIn(standing: Uint8Array | undefined, client: number): number {
  return standing?.[client] ?? STATUS_CODES.idle;
}

function isResult(status: number): boolean {
  return status === STATUS_CODES.active || status === STATUS_CODES.straggler || status === STATUS_CODES.non_finite;
}

function isSeen(status: number): boolean {
  return isResult(status) || status === STATUS_CODES.waiting;
}

function extended<T extends Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
