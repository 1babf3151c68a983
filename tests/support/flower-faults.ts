import { type Fields, list } from "@hivewatch/test-support";
import { expect, type TestContext, test } from "vitest";
import { of, trainWithFlower } from "./flower-program.ts";
import { needFlower, needSimulation } from "./parts.ts";

const SCRIPT = "flower_deployment.py";

/** Tests of deployments and of a simulation. Each takes minutes, nearly all of it Flower's own waiting. */
export function testFaults(): void {
  test("a ClientApp whose process ends is a dropout of its node, and the node takes part again", async (context) => {
    const { status, events, siteOf } = await deploy(context, "crash");
    expect(status).toBe("finished:completed");
    const dropouts = of(events, "client_dropout");
    expect(dropouts.map(({ round, phase }) => ({ round, phase }))).toEqual([{ round: 2, phase: "train" }]);
    expect(dropouts[0]?.reason).toContain("CLIENT_APP_CRASHED");
    expect(siteOf(dropouts[0])).toBe("cologne");
    expect(roundsOf(events)).toEqual([0, 1, 2, 3]);
    expect(of(events, "client_update").filter(({ round }) => round === 3)).toHaveLength(3);
    expect(of(events, "finished")).toEqual([expect.objectContaining({ status: "completed" })]);
  });

  test("a SuperNode that is killed is a dropout of its node", async (context) => {
    const { status, events, siteOf } = await deploy(context, "kill");
    expect(status).toBe("finished:completed");
    expect(of(events, "finished")).toEqual([expect.objectContaining({ status: "completed" })]);
    const [dropout] = of(events, "client_dropout");
    expect(dropout).toMatchObject({ round: 2, phase: "train" });
    expect(dropout?.reason).toContain("NODE_UNAVAILABLE");
    expect(siteOf(dropout)).toBe("cologne");
  });

  test.for(["stop", "term"])("a run that is ended from outside (%s) is aborted", async (how, context) => {
    const { status, events } = await deploy(context, how);
    expect(status).not.toBe("finished:completed");
    expect(of(events, "finished")).toEqual([
      expect.objectContaining({ status: "aborted", reason: expect.stringContaining("SystemExit") }),
    ]);
    expect(roundsOf(events)).toEqual([0, 1]);
  });

  test("a simulation on Ray is seen with all of its nodes", async (context) => {
    const { events } = await trainWithFlower(context, needSimulation(context), SCRIPT, "simulate");
    expect(of(events, "client_update")).toHaveLength(20);
    expect(of(events, "client_metric")).toHaveLength(20);
    expect(roundsOf(events)).toEqual([0, 1, 2]);
    for (const event of of(events, "client_update")) {
      expect(list(event.clients)[0]?.train_time_sec).toBeGreaterThan(0);
    }
    expect(of(events, "finished")).toEqual([expect.objectContaining({ status: "completed" })]);
  });
}

interface Deployed {
  /** As `flwr list` says it. */
  readonly status: string | undefined;
  readonly events: readonly Fields[];
  /** The site of the client that an event is about. */
  siteOf(event: Fields | undefined): unknown;
}

async function deploy(context: TestContext, what: string): Promise<Deployed> {
  const { program, events } = await trainWithFlower(context, needFlower(context), SCRIPT, what);
  const printed = await program.printed(/^run \d+: (\S+)/m);
  const clients = of(events, "client_update").flatMap((event) => list(event.clients));
  const idOf = (event: Fields | undefined): unknown => list(event?.clients)[0]?.client_id;
  return {
    status: printed[1],
    events,
    siteOf: (event) => clients.find(({ client_id, site }) => client_id === idOf(event) && site !== undefined)?.site,
  };
}

function roundsOf(events: readonly Fields[]): unknown[] {
  return of(events, "round_end").map(({ round }) => round);
}
