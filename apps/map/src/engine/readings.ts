import { CLIENT_NUMBERS } from "@hivewatch/core";
import {
  type Digest,
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type Findings,
  type Participation,
  QUANTILES,
  type Tally,
} from "../data/run-data.ts";
import { STATUS_CODES } from "../data/statuses.ts";
import { digestRound, type FieldDigest } from "./digest-round.ts";
import { findTrouble, type RoundFindings } from "./find-trouble.ts";
import { judgeRound, medianTime } from "./judge-round.ts";
import type { RoundColumns } from "./round-columns.ts";

/** What was learned from each round that was read, small enough to be kept for all of them. */
export interface Readings {
  /** How many rounds were read. */
  readonly size: number;
  has(round: number): boolean;
  /** Reads a round, anew if it was read before. */
  read(table: RoundColumns, open: boolean): void;
  /** A round has to be read anew. */
  forget(round: number): void;
  /** The numeric fields that were met: those of the contract in its order, then the others as they came. */
  metrics(): string[];
  digest(field: string, rounds: Float64Array): Digest;
  tally(rounds: Float64Array, clients: number): Tally;
  findings(rounds: Float64Array, clients: number): Findings;
  participation(rounds: Float64Array, clients: number): Participation;
}

interface Reading {
  /** Index in `CLIENT_STATUSES` by client; those that are not in it are idle. Undefined: let go to save memory. */
  standing: Uint8Array | undefined;
  readonly digests: ReadonlyMap<string, FieldDigest>;
  readonly findings: RoundFindings;
}

/** Standings take a byte for each client and round. */
const MAX_STANDING_BYTES = 96 * 1024 * 1024;

/** A participation matrix has at most so many cells. */
const MAX_CELLS = 16 * 1024 * 1024;

/** Of each kind so many findings are told. */
const MAX_OF_KIND = 500;

/** A client that takes part regularly is silent after so many rounds without a result. */
const SILENT_ROUNDS = 3;

/** A client takes part regularly that had a result in this share of the rounds up to its last. */
const REGULAR_SHARE = 0.8;

const NOTHING: ReadonlyMap<string, FieldDigest> = new Map();

/** Not read yet. */
const UNKNOWN = 255;

export function createReadings(): Readings {
  const readings = new Map<number, Reading>();
  const fields = new Set<string>();
  let standingBytes = 0;

  /** The oldest that was read is let go first. */
  function makeRoom(): void {
    for (const reading of readings.values()) {
      if (standingBytes <= MAX_STANDING_BYTES) return;
      standingBytes -= reading.standing?.length ?? 0;
      reading.standing = undefined;
    }
  }

  function standings(rounds: Float64Array): (Uint8Array | undefined)[] {
    return Array.from(rounds, (round) => readings.get(round)?.standing);
  }

  return {
    get size() {
      return readings.size;
    },
    has: (round) => readings.has(round),
    read(table, open) {
      const median = medianTime(table);
      const status = judgeRound(table, open, median);
      const digests = digestRound(table);
      for (const name of digests.keys()) fields.add(name);
      // Half of a round's results would look like a collapse.
      const kept = open ? NOTHING : digests;
      const standing = standingOf(table, status);
      standingBytes += standing.length - (readings.get(table.round)?.standing?.length ?? 0);
      readings.delete(table.round);
      readings.set(table.round, { standing, digests: kept, findings: findTrouble(table, status, kept, median) });
      makeRoom();
    },
    forget(round) {
      standingBytes -= readings.get(round)?.standing?.length ?? 0;
      readings.delete(round);
    },
    metrics() {
      const known = CLIENT_NUMBERS.filter((name) => fields.has(name));
      const others = [...fields].filter((name) => !known.some((other) => other === name));
      return [...known, ...others];
    },
    digest: (field, rounds) =>
      digestOf(
        field,
        Array.from(rounds, (round) => readings.get(round)?.digests.get(field)),
      ),
    tally: (rounds, clients) => tallyOf(rounds, standings(rounds), clients),
    findings: (rounds, clients) =>
      findingsOf(
        rounds,
        Array.from(rounds, (round) => readings.get(round)?.findings),
        silentClients(rounds, standings(rounds), clients),
      ),
    participation: (rounds, clients) => participationOf(rounds, standings(rounds), clients),
  };
}

function standingOf({ clients, rows }: RoundColumns, status: Uint8Array): Uint8Array {
  let length = 0;
  for (let row = 0; row < rows; row++) length = Math.max(length, (clients[row] ?? 0) + 1);
  const standing = new Uint8Array(length).fill(STATUS_CODES.idle);
  for (let row = 0; row < rows; row++) standing[clients[row] ?? 0] = status[row] ?? STATUS_CODES.idle;
  return standing;
}

function digestOf(field: string, digests: readonly (FieldDigest | undefined)[]): Digest {
  const quantiles = new Float64Array(digests.length * QUANTILES).fill(Number.NaN);
  for (const [i, digest] of digests.entries()) if (digest !== undefined) quantiles.set(digest.quantiles, i * QUANTILES);
  return {
    field,
    count: Uint32Array.from(digests, (digest) => digest?.count ?? 0),
    nonFinite: Uint32Array.from(digests, (digest) => digest?.nonFinite ?? 0),
    mean: Float64Array.from(digests, (digest) => digest?.mean ?? Number.NaN),
    quantiles,
  };
}

function isResult(status: number): boolean {
  return status === STATUS_CODES.active || status === STATUS_CODES.straggler || status === STATUS_CODES.non_finite;
}

function tallyOf(rounds: Float64Array, standings: readonly (Uint8Array | undefined)[], clients: number): Tally {
  const tally = {
    rounds: 0,
    completed: new Uint32Array(clients),
    involved: new Uint32Array(clients),
    dropouts: new Uint32Array(clients),
    failures: new Uint32Array(clients),
    stragglers: new Uint32Array(clients),
    lastResult: new Float64Array(clients).fill(Number.NaN),
  };
  const { completed, involved, dropouts, failures, stragglers, lastResult } = tally;
  for (const [i, standing] of standings.entries()) {
    if (standing === undefined) continue;
    tally.rounds++;
    const round = rounds[i] ?? 0;
    for (let client = 0; client < standing.length; client++) {
      const status = standing[client] ?? STATUS_CODES.idle;
      if (status === STATUS_CODES.idle) continue;
      involved[client] = (involved[client] ?? 0) + 1;
      if (isResult(status)) {
        completed[client] = (completed[client] ?? 0) + 1;
        lastResult[client] = round;
      }
      if (status === STATUS_CODES.straggler) stragglers[client] = (stragglers[client] ?? 0) + 1;
      if (status === STATUS_CODES.dropped) dropouts[client] = (dropouts[client] ?? 0) + 1;
      if (status === STATUS_CODES.failed) failures[client] = (failures[client] ?? 0) + 1;
    }
  }
  return tally;
}

/** Clients that took part regularly, or were asked, and have not been heard of for some rounds. */
function silentClients(
  rounds: Float64Array,
  standings: readonly (Uint8Array | undefined)[],
  clients: number,
): Finding[] {
  const results = new Uint32Array(clients);
  const first = new Int32Array(clients).fill(-1);
  const last = new Int32Array(clients).fill(-1);
  const known = standings.flatMap((standing, i) =>
    standing === undefined ? [] : [{ standing, round: rounds[i] ?? 0 }],
  );
  for (const [i, { standing }] of known.entries()) {
    for (let client = 0; client < standing.length; client++) {
      const status = standing[client] ?? STATUS_CODES.idle;
      if (status === STATUS_CODES.waiting) last[client] = i;
      if (!isResult(status)) continue;
      results[client] = (results[client] ?? 0) + 1;
      if (first[client] === -1) first[client] = i;
      last[client] = i;
    }
  }
  const silent: Finding[] = [];
  const newest = known.at(-1)?.round;
  if (newest === undefined) return silent;
  for (let client = 0; client < clients; client++) {
    const at = last[client] ?? -1;
    const rest = known.length - 1 - at;
    const share = (results[client] ?? 0) / (at - (first[client] ?? 0) + 1);
    if (at < SILENT_ROUNDS - 1 || rest < SILENT_ROUNDS || share < REGULAR_SHARE) continue;
    const detail = `no result for ${rest} rounds, the last in round ${known[at]?.round}`;
    silent.push({ kind: "silent", client, round: newest, detail, score: rest });
  }
  return silent;
}

function findingsOf(
  rounds: Float64Array,
  byRound: readonly (RoundFindings | undefined)[],
  silent: readonly Finding[],
): Findings {
  const counts: Record<FindingKind, number> = {
    failure: 0,
    dropout: 0,
    non_finite: 0,
    missing: 0,
    silent: silent.length,
    outlier: 0,
    straggler: 0,
  };
  const lists = new Map<FindingKind, Finding[]>(FINDING_KINDS.map((kind) => [kind, []]));
  lists.get("silent")?.push(...silent.slice(0, MAX_OF_KIND));
  const perRound = new Uint32Array(rounds.length);
  for (let i = byRound.length - 1; i >= 0; i--) {
    const found = byRound[i];
    if (found === undefined) continue;
    for (const [kind, count] of found.counts) {
      counts[kind] += count;
      perRound[i] = (perRound[i] ?? 0) + count;
    }
    for (const finding of found.list) {
      const list = lists.get(finding.kind);
      if (list !== undefined && list.length < MAX_OF_KIND) list.push(finding);
    }
  }
  return { list: [...lists.values()].flat(), counts, byRound: perRound };
}

function participationOf(
  rounds: Float64Array,
  standings: readonly (Uint8Array | undefined)[],
  clients: number,
): Participation {
  const shown = Math.min(clients, Math.max(1, Math.floor(MAX_CELLS / Math.max(1, rounds.length))));
  const chosen =
    shown === clients ? Uint32Array.from({ length: clients }, (_, i) => i) : worst(standings, clients, shown);
  const status = new Uint8Array(chosen.length * rounds.length);
  for (const [r, standing] of standings.entries()) {
    for (let c = 0; c < chosen.length; c++) {
      const own = standing === undefined ? UNKNOWN : (standing[chosen[c] ?? 0] ?? STATUS_CODES.idle);
      status[c * rounds.length + r] = own;
    }
  }
  return { clients: chosen, rounds: rounds.length, status };
}

/** Those with most trouble. */
function worst(standings: readonly (Uint8Array | undefined)[], clients: number, count: number): Uint32Array {
  const trouble = new Uint32Array(clients);
  for (const standing of standings) {
    if (standing === undefined) continue;
    for (let client = 0; client < standing.length; client++) {
      if ((standing[client] ?? STATUS_CODES.idle) <= STATUS_CODES.missing) trouble[client] = (trouble[client] ?? 0) + 1;
    }
  }
  const order = Uint32Array.from({ length: clients }, (_, i) => i);
  return order.sort((a, b) => (trouble[b] ?? 0) - (trouble[a] ?? 0) || a - b).slice(0, count);
}
