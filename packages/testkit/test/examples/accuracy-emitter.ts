import type { HookEmitter } from "@hivewatch/core";

export const accuracyEmitter: HookEmitter = {
  name: "accuracy",
  onRound({ round, global_accuracy, participation }) {
    console.log(round, global_accuracy, participation);
  },
};
