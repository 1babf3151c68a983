import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Missing } from "../bench.ts";

const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The interpreter that has what our Python package needs. */
export function findPython(): string {
  return find("HIVEWATCH_TEST_PYTHON_FLOWER", "flower", "a Python with grpcio");
}

/** The interpreter with Python hivewatch. */
export function findReference(): string {
  return find("HIVEWATCH_TEST_PYTHON_REFERENCE", "reference", "a Python with hivewatch==0.3.1");
}

/** The interpreter with MLflow and its server. */
export function findMlflow(): string {
  return find("HIVEWATCH_TEST_PYTHON_MLFLOW", "mlflow", "a Python with an MLflow server");
}

function find(variable: string, environment: string, what: string): string {
  const python = process.env[variable] ?? inRepository(`.cache/venvs/${environment}/bin/python`);
  if (existsSync(python)) return python;
  throw new Missing(`${what} was not found: npm test makes it ready, or name yours in ${variable}`);
}

/** A program of `bench/python`. */
export function pythonProgram(name: string): string {
  return inRepository(`bench/python/${name}`);
}

/** What a program needs to use this checkout's Python package. */
export function pythonEnvironment(): Record<string, string> {
  return { PYTHONPATH: inRepository("python/src"), PYTHONUTF8: "1" };
}
