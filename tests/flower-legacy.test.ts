import { fields, inRepository, list, runProgram, startHivewatch, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { fetchJson } from "./support/json.ts";
import { needFlower } from "./support/parts.ts";

test("the example of Flower's legacy API is seen with its sites and to its end", async (context) => {
  const python = needFlower(context);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder() });
  const env = { HIVEWATCH_ENDPOINT: hivewatch.grpc, PYTHONPATH: inRepository("python/src") };
  await runProgram(python, ["run.py"], { cwd: inRepository("examples/flower-legacy"), env });

  const [run] = list(await fetchJson(`${hivewatch.http}/runs`));
  expect(run).toMatchObject({ algorithm: "FedAvg", status: "completed", num_rounds: 4, num_clients: 3 });
  const map = fields(await fetchJson(`${hivewatch.http}/runs/${run?.run_id}/metadata`));
  const [before, ...rounds] = list(map.rounds);
  expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
  for (const round of rounds) {
    expect(round.globalAcc).toBeGreaterThan(Number(before?.globalAcc));
    const clients = list(round.clients);
    expect(clients.map(({ site }) => site).sort()).toEqual(["cologne", "lyon", "porto"]);
    for (const { lat, local_loss, num_samples, train_time_sec, bytes_sent, status } of clients) {
      for (const value of [lat, local_loss, num_samples, train_time_sec, bytes_sent]) expect(value).toBeGreaterThan(0);
      expect(status).toBe("active");
    }
  }
});
