import { readFileSync } from "node:fs";
import { inRepository, list } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { of, trainWithFlower } from "./flower-program.ts";
import { needFlower, needFlowerVersion } from "./parts.ts";

const VERSIONS = list(JSON.parse(readFileSync(inRepository("python/flower-versions.json"), "utf8")));

const SITES = ["cologne", "lyon", "porto"];

/** Deployments with every version of Flower, of an app of each API that it has. About a minute each. */
export function testVersions(): void {
  for (const { flwr, main, legacyOnly } of VERSIONS) {
    for (const api of legacyOnly === true ? ["legacy"] : ["legacy", "message"]) {
      test(`an app of the ${api} API is seen when deployed with Flower ${flwr}`, async (context) => {
        const python = main === true ? needFlower(context) : needFlowerVersion(context, String(flwr));
        const { events } = await trainWithFlower(context, python, "flower_any_version.py", api);
        expect(of(events, "finished")).toEqual([expect.objectContaining({ status: "completed" })]);
        for (const type of ["adapter_error", "comm_failure"]) expect(of(events, type)).toEqual([]);
        expect(of(events, "init")[0]?.config).toMatchObject({ framework: "flower", framework_version: flwr });
        expect(of(events, "round_end").map(({ round }) => round)).toEqual([0, 1, 2]);
        const clients = of(events, "client_update").flatMap((event) => list(event.clients));
        const lost = of(events, "client_dropout").filter(({ phase }) => phase === "train");
        expect(clients.length + lost.length).toBe(6);
        // On a slow machine Flower 1.18 itself takes a ClientApp's end for its answer now and then.
        if (flwr !== "1.18.0") expect(lost).toEqual([]);
        for (const { reason } of lost) expect(reason).toContain("ClientAppOutputs");
        for (const { site } of clients) expect(SITES).toContain(site);
        // Whoever was lost in both rounds has sent nothing.
        const silent = lost.length - new Set(lost.map(({ client_id }) => client_id)).size;
        expect(new Set(clients.map(({ site }) => site)).size).toBe(SITES.length - silent);
        for (const { train_time_sec, bytes_sent, num_samples } of clients) {
          for (const value of [train_time_sec, bytes_sent, num_samples]) expect(value).toBeGreaterThan(0);
        }
      });
    }
  }
}
