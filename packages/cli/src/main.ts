#!/usr/bin/env node
// First: gRPC reads its setting when it is loaded.
import "./quiet-grpc.ts";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import { createProgram } from "./program.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  // A mistake of the user's needs its message only; one of ours, where it happened.
  console.error(HiveWatchError.is(error) ? errorMessage(error) : error);
  process.exitCode = 1;
}
