import { inRepository, type Program, startProgram } from "@hivewatch/test-support";

/** Starts a program of `tests/python` with this checkout's hivewatch_bridge, which reports to a bridge. */
export function startPythonClient(python: string, script: string, endpoint: string, ...args: string[]): Program {
  const env = { PYTHONPATH: inRepository("python/src"), HIVEWATCH_ENDPOINT: endpoint, PYTHONUTF8: "1" };
  return startProgram(python, [inRepository("tests/python", script), ...args], { env });
}
