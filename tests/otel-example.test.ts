import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  answers,
  type Fields,
  fields,
  freePort,
  inRepository,
  isSoak,
  list,
  needReceiver,
  type Prometheus,
  runCommand,
  startHivewatch,
  startJaeger,
  startPrometheus,
  startReceiver,
  syntheticRun,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, type TestContext, test } from "vitest";
import { startTraining } from "./support/training.ts";
import { writeRun } from "./support/write-run.ts";

const EXAMPLE = "examples/otel";
const RUN = "run-on-the-dashboard";
/** Long enough that rounds are minutes apart on nobody's clock, and that each window of a panel has some. */
const TRAINED = { runId: RUN, clients: 30, rounds: 60, seed: 5 };

/** Starts the collector of the example, which passes on to these. */
async function startExampleCollector(
  context: TestContext,
  to: { prometheus: string; jaeger: string },
): Promise<string> {
  const [http, grpc] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = { OTLP_HTTP: http, OTLP_GRPC: grpc, PROMETHEUS: to.prometheus, JAEGER: to.jaeger };
  const empty = { method: "POST", headers: { "content-type": "application/json", connection: "close" }, body: "{}" };
  const args = ["--config", `file:${inRepository(EXAMPLE, "collector.yaml")}`];
  const isUp = () => answers(`http://${http}/v1/metrics`, empty);
  const { program } = await startReceiver(needReceiver("collector", context), args, isUp, env);
  expect(program.stderr()).not.toMatch(/deprecated/);
  return `http://${http}`;
}

/** Starts a Prometheus with the example's configuration, but for where the bridge is that it scrapes. */
async function startExamplePrometheus(context: TestContext, bridge: string): Promise<Prometheus> {
  const text = await readFile(inRepository(EXAMPLE, "prometheus.yaml"), "utf8");
  expect(text).toContain('"127.0.0.1:7070"');
  const path = join(await temporaryFolder(), "prometheus.yaml");
  await writeFile(path, text.replace("127.0.0.1:7070", bridge).replace("scrape_interval: 5s", "scrape_interval: 1s"));
  return startPrometheus(needReceiver("prometheus", context), path);
}

async function readDashboard(): Promise<Fields> {
  return fields(JSON.parse(await readFile(inRepository(EXAMPLE, "grafana/dashboards/run.json"), "utf8")));
}

/** The queries of the dashboard's panels, with what Grafana fills in. */
async function queriesOf(seconds: number, bridge: string): Promise<{ panel: string; query: string }[]> {
  const { panels } = await readDashboard();
  return list(panels).flatMap(({ title, targets = [] }) =>
    list(targets).map(({ expr }) => ({
      panel: String(title),
      query: String(expr)
        .replaceAll("$run", RUN)
        .replaceAll("$bridge", bridge)
        .replaceAll("$window", "5m")
        .replaceAll("$__range", `${seconds}s`)
        .replaceAll("$__rate_interval", "1m"),
    })),
  );
}

/** What Grafana offers for a variable of the dashboard. */
async function choicesOf(name: string, prometheus: Prometheus): Promise<unknown> {
  const { templating } = await readDashboard();
  const variable = list(fields(templating).list).find((each) => each.name === name);
  const [, metric = "", label] = String(variable?.definition).match(/^label_values\((\w+), (\w+)\)$/) ?? [];
  return prometheus.ask(`label/${label}/values`, { "match[]": metric });
}

/** A run with all in it that the dashboard shows. */
function* fullRun(startedAt: number): Generator<Fields> {
  for (const event of syntheticRun({ ...TRAINED, startedAt })) {
    if (event.event_type === "client_update") {
      yield { ...event, clients: list(event.clients).map((client, i) => ({ ...client, network_latency_ms: 20 + i })) };
    } else if (event.event_type === "round_end") {
      yield { ...event, round_metrics: { ...fields(event.round_metrics), num_stragglers: 1 } };
    } else yield event;
    if (event.event_type === "comm_failure") yield { ...event, event_type: "client_recovered" };
  }
}

/** The times of a run, in seconds since 1970. */
interface Period {
  readonly start: number;
  readonly end: number;
}

/** Replays a run that was trained an hour ago, and waits until all of it has reached a Prometheus. */
async function sendRun(prometheus: Prometheus, env: Record<string, string>): Promise<Period> {
  const runsDir = await temporaryFolder();
  const startedAt = Date.now() - 3_600_000;
  const events = [...fullRun(startedAt)];
  await writeRun(runsDir, RUN, events);
  const replay = await runCommand(["replay", RUN, "--to", "otel", "--runs-dir", runsDir], env);
  expect(replay).toMatchObject({ code: 0, stderr: expect.stringMatching(/sent to otel\.$/m) });
  const end = Date.parse(String(events.at(-1)?.timestamp)) / 1000;
  await until("all of the run in Prometheus", async () => {
    const [series] = await prometheus.query(`hivewatch_rounds_total{hivewatch_run_id="${RUN}"}`, end);
    return series?.points[0]?.value === TRAINED.rounds;
  });
  return { start: startedAt / 1000, end };
}

/** Trains until a bridge has told of it again and again, by each of these jobs. */
async function keepBusy(grpc: string, prometheus: Prometheus, jobs: readonly string[]): Promise<void> {
  const training = startTraining(grpc);
  let rounds = 0;
  await until("a few figures of the bridge", async () => {
    training.logClientUpdate("a", { round: rounds, local_loss: 1 });
    training.logRound(rounds++);
    await training.stored();
    const busy = await prometheus.query(
      "count by (job) (count_over_time(hivewatch_bridge_emitter_events_total[1h]) > 5)",
    );
    return jobs.every((job) => busy.some(({ labels }) => labels.job === job));
  });
}

/** By whom the bridge's figures come: Prometheus scrapes them, and the bridge sends them by itself. */
const JOBS = ["hivewatch-bridge", "hivewatch"] as const;

test("each query of the example's dashboard is answered by its Prometheus, behind its collector", async (context) => {
  const port = await freePort();
  const prometheus = await startExamplePrometheus(context, `127.0.0.1:${port}`);
  const endpoint = await startExampleCollector(context, { prometheus: prometheus.url, jaeger: "127.0.0.1:9" });
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
  };
  const run = await sendRun(prometheus, { ...env, HIVEWATCH_OTEL_PER_CLIENT: "30" });
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), args: ["--emit", "otel"], port, env });
  await keepBusy(hivewatch.grpc, prometheus, JOBS);

  expect(await choicesOf("run", prometheus)).toContain(RUN);
  expect(await choicesOf("bridge", prometheus)).toEqual([...JOBS].sort());
  const empty: string[] = [];
  for (const job of JOBS) {
    const queries = await queriesOf(Math.ceil(run.end - run.start), job);
    expect(queries.length).toBeGreaterThan(50);
    for (const { panel, query } of queries) {
      const now = Date.now() / 1000;
      const isOfBridge = query.includes("hivewatch_bridge_");
      const range = isOfBridge ? { start: now - 60, end: now, step: 1 } : { ...run, step: 5 };
      const points = (await prometheus.queryRange(query, range)).flatMap((series) => series.points);
      const hasData = points.some(({ value, histogram }) => histogram !== undefined || Number.isFinite(value));
      if (!hasData) empty.push(`${panel}: ${query}`);
    }
  }
  expect(empty).toEqual([]);
});

test("no panel of the dashboard lies on another", async () => {
  const { panels } = await readDashboard();
  const taken = new Map<string, unknown>();
  for (const { title, gridPos } of list(panels)) {
    const { x, y, w, h } = fields(gridPos);
    expect(Number(x) + Number(w), String(title)).toBeLessThanOrEqual(24);
    for (let column = Number(x); column < Number(x) + Number(w); column++) {
      for (let row = Number(y); row < Number(y) + Number(h); row++) {
        expect(taken.get(`${column} ${row}`), String(title)).toBeUndefined();
        taken.set(`${column} ${row}`, title);
      }
    }
  }
  const ids = list(panels).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

if (isSoak) testTraces();

function testTraces(): void {
  test("behind the example's collector Jaeger finds the traces of a run", async (context) => {
    const jaeger = await startJaeger(needReceiver("jaeger", context));
    const endpoint = await startExampleCollector(context, {
      prometheus: "http://127.0.0.1:9",
      jaeger: new URL(jaeger.grpc).host,
    });
    const runsDir = await temporaryFolder();
    await writeRun(runsDir, RUN, syntheticRun(TRAINED));
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
    await runCommand(["replay", RUN, "--to", "otel", "--runs-dir", runsDir], env);
    await until("the service", async () => (await jaeger.services()).includes("hivewatch"));
    const tags = JSON.stringify({ "hivewatch.run.id": RUN });
    const times = { start: "0", end: String(Date.now() * 1000) };
    const query = new URLSearchParams({ service: "hivewatch", tags, ...times, limit: "1000" });
    const found = await until("all traces", async () => {
      const traces = await jaeger.ask(`traces?${query}`);
      return traces.length === TRAINED.rounds + 1 && traces;
    });
    const names = found.flatMap(({ spans }) => list(spans).map(({ operationName }) => operationName));
    expect(names.filter((name) => name === "round")).toHaveLength(TRAINED.rounds);
    expect(names.filter((name) => name === "round summary")).toHaveLength(TRAINED.rounds);
    expect(names.filter((name) => name === "run")).toHaveLength(1);
  });
}
