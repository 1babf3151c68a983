import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Fields,
  fields,
  inRepository,
  list,
  needReceiver,
  type Prometheus,
  runCommand,
  startHivewatch,
  startPrometheus,
  syntheticRun,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { readLines } from "./support/json.ts";
import { startTraining } from "./support/training.ts";
import { logVariedRun } from "./support/varied-run.ts";
import { writeRun } from "./support/write-run.ts";

const RUN = "run-in-prometheus";
const CLIENTS = 60;
const ROUNDS = 12;

/** Writes a run that was trained long ago, and sends it to a Prometheus by replay. */
async function sendRun(prometheus: Prometheus): Promise<Fields[]> {
  const runsDir = await temporaryFolder();
  await writeRun(runsDir, RUN, syntheticRun({ runId: RUN, clients: CLIENTS, rounds: ROUNDS, seed: 3 }));
  const env = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${prometheus.otlp}/v1/metrics`,
    OTEL_TRACES_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
    HIVEWATCH_OTEL_PER_CLIENT: "3",
  };
  const replay = await runCommand(["replay", RUN, "--to", "otel", "--runs-dir", runsDir], env);
  expect(replay).toMatchObject({ code: 0, stderr: expect.stringMatching(/sent to otel\.$/m) });
  return readLines(join(runsDir, `${RUN}.jsonl`));
}

/** The metrics that docs/emitters/otel.md lists, as it says that Prometheus calls them. */
async function documentedNames(): Promise<Set<string>> {
  const page = await readFile(inRepository("docs/emitters/otel.md"), "utf8");
  const rows = page.matchAll(/^\| `(hivewatch\.[^`]+)` \| (gauge|counter|histogram) \| `([^`]+)` \|/gm);
  const units: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };
  return new Set(
    [...rows].map(([, name = "", kind, unit = ""]) => {
      const suffix = unit === "1" && kind === "gauge" ? "_ratio" : (units[unit] ?? "");
      return `${name.replaceAll(".", "_")}${suffix}${kind === "counter" ? "_total" : ""}`;
    }),
  );
}

/** Seconds since 1970. */
function secondsOf(time: unknown): number {
  return Date.parse(String(time)) / 1000;
}

test("Prometheus' own receiver of OTLP answers with the figures of a run", async (context) => {
  const prometheus = await startPrometheus(needReceiver("prometheus", context));
  const lines = await sendRun(prometheus);
  const ends = lines.filter(({ event_type: type }) => type === "round_end");
  const end = secondsOf(lines.at(-1)?.timestamp);
  const allOf = async (series: string) => (await prometheus.query(`${series}[1d]`, end + 1))[0]?.points ?? [];

  const accuracy = await allOf('hivewatch_model_accuracy_ratio{hivewatch_evaluation_source="central"}');
  expect(accuracy).toEqual(
    ends.map(({ timestamp, round_metrics: metrics }) => ({
      time: expect.closeTo(secondsOf(timestamp), 3),
      value: fields(metrics).global_accuracy,
      histogram: undefined,
    })),
  );
  const names = await prometheus.ask("label/__name__/values");
  const ours = Array.isArray(names) ? names.filter((name) => String(name).startsWith("hivewatch_")) : [];
  const documented = await documentedNames();
  expect(ours.length).toBeGreaterThan(20);
  expect(ours.filter((name) => !documented.has(String(name)))).toEqual([]);
  const rounds = await allOf(`hivewatch_rounds_total{hivewatch_run_id="${RUN}"}`);
  expect(rounds.at(-1)?.value).toBe(ROUNDS);

  const trained = lines
    .filter(({ event_type: type }) => type === "client_update")
    .flatMap(({ clients }) => list(clients).map((client) => Number(client.train_time_sec)))
    .sort((a, b) => a - b);
  const histograms = await allOf("hivewatch_client_train_duration_seconds");
  expect(histograms.at(-1)?.histogram?.count).toBe(trained.length);
  expect(histograms.at(-1)?.histogram?.sum).toBeCloseTo(
    trained.reduce((a, b) => a + b, 0),
    6,
  );
  for (const quantile of [0.1, 0.5, 0.9]) {
    const [found] = await prometheus.query(
      `histogram_quantile(${quantile}, hivewatch_client_train_duration_seconds)`,
      end,
    );
    const exact = trained[Math.ceil(quantile * trained.length) - 1] ?? Number.NaN;
    // As close as the histogram's buckets are wide.
    expect((found?.points[0]?.value ?? Number.NaN) / exact).toBeGreaterThan(0.9);
    expect((found?.points[0]?.value ?? Number.NaN) / exact).toBeLessThan(1.1);
  }
});

test("Prometheus scrapes the health of a bridge", async (context) => {
  const executable = needReceiver("prometheus", context);
  const { http, grpc } = await startHivewatch({ runsDir: await temporaryFolder() });
  const prometheus = await startPrometheus(executable, {
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: [{ job_name: "bridge", static_configs: [{ targets: [new URL(http).host] }] }],
  });
  await logVariedRun(startTraining(grpc));
  const found = await until("the bridge's metrics", async () => {
    const series = await prometheus.query('{__name__=~"hivewatch_bridge_.+"}');
    return series.length > 5 && series;
  });
  for (const { points } of found) expect(points[0]?.value).not.toBeNaN();
  // Any single scrape may take longer than its second.
  await until("a scrape that is well", async () => {
    const [up] = await prometheus.query('up{job="bridge"}');
    const targets = list(fields(await prometheus.ask("targets")).activeTargets);
    return up?.points[0]?.value === 1 && targets.length === 1 && targets.every(({ health }) => health === "up");
  });
});
