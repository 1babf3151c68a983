import { normal, type Random, randomFrom, shuffled } from "./random.ts";
import type { DemoSettings } from "./settings.ts";
import { NUM_LISTED_SITES, type Site, sitesOf } from "./sites.ts";

/** A site that takes part. */
export interface Member {
  readonly site: Site;
  /** Whether it tells the server where it is. */
  readonly reportsLocation: boolean;
  /** How long a round takes it usually, in simulated seconds. */
  readonly usualSec: number;
  /** The first round in which it is there. */
  readonly joinsIn: number;
}

/** What becomes of a client that was asked to take part in a round. */
export type Outcome =
  | {
      readonly kind: "result";
      /** The round whose global model it trains on. */
      readonly baseRound: number;
      /** Whether it failed until now, and works again. */
      readonly recovered: boolean;
      /** Whether one of its examples holds a value that isn't a number. */
      readonly corrupt: boolean;
    }
  | { readonly kind: "dropout"; readonly reason: string }
  | { readonly kind: "comm_failure"; readonly reason: string };

export interface Step {
  readonly member: Member;
  readonly outcome: Outcome;
  /** When it happens, in simulated seconds from the round's start. */
  readonly atSec: number;
}

export interface RoundPlan {
  /** The ids of the clients that the server asks. */
  readonly selected: readonly string[];
  /** What becomes of them, in the order in which it happens. */
  readonly steps: readonly Step[];
  /** Results that took more than {@link STRAGGLER_FACTOR} times as long as the round's median result. */
  readonly numStragglers: number;
  /** In simulated seconds. */
  readonly durationSec: number;
}

/** Who takes part, and what happens in which round. It knows nothing of the training itself. */
export interface Scenario {
  readonly members: readonly Member[];
  /** @param round - from 1 */
  planRound(round: number): RoundPlan;
}

/** Share of the sites that the server asks in each round. */
export const FRACTION_FIT = 0.8;
/** A client that takes longer is dropped from the round. In simulated seconds. */
export const ROUND_DEADLINE_SEC = 5.5;
export const STRAGGLER_FACTOR = 1.5;

// Who has which trouble, by the place in the list of sites. The first places have one each, so that a few clients show them too.
const STRAGGLERS: readonly number[] = [1, 11, 19];
const UNREACHABLE = 2;
const CORRUPT = 3;
const UNLOCATED = 4;
const LATECOMER = 5;
const STALE = 6;

const USUAL_SEC = 2;
const STRAGGLER_SLOWNESS = 2.1;
const AGGREGATION_SEC = 0.3;
const DROPOUT_PROBABILITY = 0.03;
const DROPOUT_REASONS = [
  "out of memory",
  "maintenance window at the site",
  "preempted by the site's job scheduler",
  "power failure",
];
const FAILURE_REASONS = ["connection reset by peer", "TLS handshake timed out", "no route to host"];

export function createScenario({ rounds, clients, seed }: DemoSettings): Scenario {
  const roundAt = (share: number): number => 1 + Math.floor(share * rounds);
  const unreachable = { first: roundAt(0.25), last: roundAt(0.35) };
  const corrupt = { first: roundAt(0.5), last: roundAt(0.6) };

  const members = sitesOf(seed, clients).map((site, index): Member => {
    const slowness = STRAGGLERS.includes(index % NUM_LISTED_SITES) ? STRAGGLER_SLOWNESS : 1;
    return {
      site,
      reportsLocation: index !== UNLOCATED,
      usualSec: USUAL_SEC * slowness * lognormal(randomFrom(seed, "speed", site.id), 0.1),
      joinsIn: index === LATECOMER ? Math.max(2, roundAt(0.2)) : 1,
    };
  });
  const isMember = (member: Member, index: number): boolean => members[index] === member;

  /** Whether the story needs this client in this round, so that chance may not leave it out. */
  function isNeeded(member: Member, round: number): boolean {
    if (isMember(member, UNREACHABLE)) return round >= unreachable.first && round <= unreachable.last + 1;
    if (isMember(member, CORRUPT)) return round >= corrupt.first && round <= corrupt.last;
    return isMember(member, LATECOMER) && round === member.joinsIn;
  }

  function select(round: number): Member[] {
    const there = members.filter((member) => member.joinsIn <= round);
    const inRandomOrder = shuffled(randomFrom(seed, "select", round), there);
    const neededFirst = [
      ...inRandomOrder.filter((member) => isNeeded(member, round)),
      ...inRandomOrder.filter((member) => !isNeeded(member, round)),
    ];
    const chosen = new Set(neededFirst.slice(0, Math.max(1, Math.round(FRACTION_FIT * there.length))));
    return members.filter((member) => chosen.has(member));
  }

  function planStep(member: Member, round: number): Step {
    const random = randomFrom(seed, "step", round, member.site.id);
    const atSec = member.usualSec * lognormal(random, 0.15);
    if (isMember(member, UNREACHABLE) && round >= unreachable.first && round <= unreachable.last) {
      return { member, atSec, outcome: { kind: "comm_failure", reason: oneOf(random, FAILURE_REASONS) } };
    }
    if (!isNeeded(member, round) && random() < DROPOUT_PROBABILITY) {
      return { member, atSec: atSec * random(), outcome: { kind: "dropout", reason: oneOf(random, DROPOUT_REASONS) } };
    }
    if (atSec > ROUND_DEADLINE_SEC) {
      const reason = `no result within the round's ${ROUND_DEADLINE_SEC} s`;
      return { member, atSec: ROUND_DEADLINE_SEC, outcome: { kind: "dropout", reason } };
    }
    return {
      member,
      atSec,
      outcome: {
        kind: "result",
        baseRound: isMember(member, STALE) ? Math.max(1, round - 1) : round,
        recovered: isMember(member, UNREACHABLE) && round === unreachable.last + 1,
        corrupt: isMember(member, CORRUPT) && round >= corrupt.first && round <= corrupt.last,
      },
    };
  }

  return {
    members,
    planRound(round) {
      const selected = select(round);
      const steps = selected.map((member) => planStep(member, round)).sort((a, b) => a.atSec - b.atSec);
      return {
        selected: selected.map((member) => member.site.id),
        steps,
        numStragglers: countStragglers(steps),
        durationSec: (steps.at(-1)?.atSec ?? 0) + AGGREGATION_SEC,
      };
    },
  };
}

function countStragglers(steps: readonly Step[]): number {
  const times = steps.filter((step) => step.outcome.kind === "result").map((step) => step.atSec);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  return times.filter((time) => time > STRAGGLER_FACTOR * median).length;
}

function lognormal(random: Random, deviation: number): number {
  return Math.exp(deviation * normal(random));
}

function oneOf(random: Random, texts: readonly string[]): string {
  return texts[Math.floor(random() * texts.length)] ?? "";
}
