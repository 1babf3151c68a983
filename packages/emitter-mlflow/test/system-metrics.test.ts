import { until } from "@hivewatch/test-support";
import { expect, it } from "vitest";
import { createSampler } from "../src/system-metrics.ts";

it("samples this machine under MLflow's names, in whole steps of the run's time", async () => {
  const sampler = createSampler(0.05, () => {});
  sampler.start(Date.now() - 1000);
  const points = await until("a sample", () => {
    const taken = sampler.take();
    return taken.length > 0 ? taken : undefined;
  });
  sampler.stop();
  const values = new Map(points.map(({ key, value }) => [key, value]));
  for (const key of ["system/cpu_utilization_percentage", "system/system_memory_usage_percentage"]) {
    expect(values.get(key)).toBeGreaterThanOrEqual(0);
    expect(values.get(key)).toBeLessThanOrEqual(100);
  }
  // Counted from then on: no machine has moved so much since it began.
  const network = [...values].filter(([key]) => key.startsWith("system/network_"));
  expect(network).toHaveLength(process.platform === "linux" ? 2 : 0);
  for (const [, value] of network) expect(value).toBeLessThan(1);
  for (const { step, timestamp, value } of points) {
    expect(step).toBeGreaterThanOrEqual(20);
    expect(Number.isSafeInteger(step) && Number.isSafeInteger(timestamp) && Number.isFinite(value)).toBe(true);
  }
  expect(sampler.take()).toEqual([]);
  sampler.giveBack(points);
  expect([...sampler.take(3), ...sampler.take()]).toEqual(points);
});

it("counts steps from when it began where the run's clock is ahead", async () => {
  const sampler = createSampler(0.01, () => {});
  sampler.start(Date.now() + 3_600_000);
  const points = await until("some samples", () => {
    const taken = sampler.take();
    sampler.giveBack(taken);
    return taken.filter(({ key }) => key === "system/cpu_utilization_percentage").length > 2 ? taken : undefined;
  });
  sampler.stop();
  const steps = points.filter(({ key }) => key === "system/cpu_utilization_percentage").map(({ step }) => step);
  expect(new Set(steps).size).toBeGreaterThan(1);
});
