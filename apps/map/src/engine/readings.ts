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
import { type Attendance, createAttendance } from "./attendance.ts";
import { digestRound, type FieldDigest } from "./digest-round.ts";
import { findTrouble, type RoundFindings, type Usual } from "./find-trouble.ts";
import { judgeRound, medianTime } from "./judge-round.ts";
import type { RoundColumns } from "./round-columns.ts";

/** What was learned from each round that was read, small enough to be kept for all of them. */
export interface Readings {
  /** How many rounds were read. */
  readonly size: number;
  has(round: number): boolean;
  /** Reads a round, anew if it was read before. */
  read(table: RoundColumns, open: boolean): void;
  /** These rounds have to be read anew. */
  forget(rounds: readonly number[]): void;
  /** The numeric fields that were met: those of the contract in its order, then the others as they came. */
  metrics(): string[];
  digest(field: string, rounds: Float64Array): Digest;
  tally(clients: number): Tally;
  findings(rounds: Float64Array, clients: number): Findings;
  /** What is usual in a round; undefined: it was not read. */
  usual(round: number): Usual | undefined;
  /** The silence of some clients, if they are silent. */
  silence(of: readonly number[], clients: number): Finding[];
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
  let attendance = createAttendance();

  function countAnew(): void {
    attendance = createAttendance();
    for (const [round, { standing }] of readings) {
      if (standing !== undefined) attendance.count(round, standing, undefined, allStandings);
    }
  }

  function* allStandings(): Iterable<readonly [number, Uint8Array | undefined]> {
    for (const [round, { standing }] of readings) yield [round, standing];
  }

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
      const before = readings.get(table.round)?.standing;
      standingBytes += standing.length - (before?.length ?? 0);
      readings.delete(table.round);
      readings.set(table.round, { standing, digests: kept, findings: findTrouble(table, status, kept, median) });
      attendance.count(table.round, standing, before, allStandings);
      makeRoom();
    },
    forget(rounds) {
      for (const round of rounds) {
        standingBytes -= readings.get(round)?.standing?.length ?? 0;
        readings.delete(round);
      }
      countAnew();
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
    tally: (clients) => attendance.tally(clients),
    findings: (rounds, clients) =>
      findingsOf(
        rounds,
        Array.from(rounds, (round) => readings.get(round)?.findings),
        silentClients(attendance, clients),
      ),
    usual: (round) => readings.get(round)?.findings.usual,
    silence: (of, clients) => silentClients(attendance, clients).filter(({ client }) => of.includes(client)),
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

/** Clients that took part regularly, or were asked, and have not been heard of for some rounds. */
function silentClients(attendance: Attendance, clients: number): Finding[] {
  const rounds = attendance.rounds();
  const indices = new Map(rounds.map((round, i) => [round, i]));
  const { completed } = attendance.tally(clients);
  const silent: Finding[] = [];
  const newest = rounds.at(-1);
  if (newest === undefined) return silent;
  for (let client = 0; client < clients; client++) {
    const last = attendance.lastSeen(client);
    const at = indices.get(last) ?? -1;
    const rest = rounds.length - 1 - at;
    if (at < SILENT_ROUNDS - 1 || rest < SILENT_ROUNDS) continue;
    const since = at - (indices.get(attendance.firstResult(client)) ?? at) + 1;
    if ((completed[client] ?? 0) / since < REGULAR_SHARE) continue;
    const detail = `no result for ${rest} rounds, the last in round ${last}`;
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
