import { consoleEmitter, init } from "@hivewatch/core";

await using run = init({ algorithm: "FedAvg", config: { lr: 0.01 }, emitters: [consoleEmitter()] });

for (let round = 1; round <= 3; round++) {
  run.roundStart(round, ["hospital-a", "hospital-b"]);
  run.logClientUpdate("hospital-a", { round, local_loss: 0.71 / round, num_samples: 1800, lat: 52.52, lng: 13.4 });
  run.logDropout(round, "hospital-b", "power failure");
  run.logRound(round, { global_accuracy: 0.5 + round / 10 });
}
