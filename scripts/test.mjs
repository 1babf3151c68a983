// `npm test`: installs what the tests need, runs everything, and says at its end what was skipped and why.
// npm test -- --only checks|node|python|receivers    does a part of it
// npm test -- --only soak|appfl                      what is no part of everything, since it takes long
// HIVEWATCH_ALLOW_SKIPS=0                            fails if anything was skipped, as in CI
import "./lib/node-version.mjs";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { runChecks } from "./check.mjs";
import { APPFL, APPFL_PYTHON, makeAppflEnvironment } from "./lib/appfl.mjs";
import { flowerEnvironments, simulationEnvironment } from "./lib/flower-versions.mjs";
import { installPackages } from "./lib/pnpm.mjs";
import { runPytest } from "./lib/pytest.mjs";
import { testsFor } from "./lib/python-tests.mjs";
import { findReceiver } from "./lib/receivers.mjs";
import { root, run, secondsSince, sharedOut, twoAtATime } from "./lib/run.mjs";
import { installSdkLine, SDK_LINES } from "./lib/sdk-lines.mjs";
import { findChromium, findNode, findPythons, makePythonEnvironment } from "./lib/set-up.mjs";
import { VITEST_REPORT } from "./lib/vitest-report.mjs";

const CHECKERS = "checkers";
const RECEIVERS = "receivers";
/** The receivers last, so that they can be built while other things are waited for. */
const PARTS = ["checks", "node", "python", RECEIVERS];
const SOAK = "soak";
/** Not parts of everything, and what each of them is. */
const LONG_FORMS = {
  [SOAK]:
    "the tests in TypeScript with hundreds of kills and millions of events, Flower's faults and simulation; hours",
  [APPFL]: "the adapter for APPFL on APPFL itself, with Debian's PyTorch: half a gigabyte to load; minutes",
};
/** On these the unit tests run too; everything runs on the Node that this is run with, in CI the oldest that we support. */
const OTHER_NODES = ["22.23.3", "24.21.0"];
/** Where their tests are. What is in apps/ runs in browsers alone, and so is tested on one Node. */
const FOR_NODE = "packages/";
/** The versions that python/pyproject.toml promises. */
const PYTHON_VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13"];
const TEST_REQUIREMENTS = ["python/requirements-test.txt"];
/** What the Python package is checked with, without running it. */
const PYTHON_CHECKERS = ["ruff==0.17.6", "mypy==2.4.1", "grpc-stubs==1.53.0.6"];
const REFERENCE = "hivewatch==0.3.1";
/** The last one before names were changed. */
const EARLIER_REFERENCE = "hivewatch==0.2.1";
/** The least that an MLflow server needs: all of `mlflow` is twice as large. */
const MLFLOW = {
  packages: [
    "mlflow-skinny==3.17.2",
    "Flask",
    "Flask-CORS",
    "alembic",
    "sqlalchemy",
    "pandas",
    "aiohttp",
    "Flask-WTF",
    "psycopg2-binary",
    "graphene",
  ],
  alone: ["mlflow==3.17.2"],
};
/** For the long form of the tests. SQLAlchemy 2.1 lost what this server needs. */
const MLFLOW_2 = { packages: ["mlflow==2.22.5", "sqlalchemy<2.1", "psycopg2-binary"] };

/** In characters; all of it stands further above. */
const LONGEST_REASON = 600;

const VITEST = "node_modules/vitest/vitest.mjs";

const start = performance.now();
const parts = partsFrom(process.argv.slice(2));
const counted = { passed: 0, failed: [], skipped: [] };
/** The executables of the other versions of Node. */
const nodes = new Map();
/** The Python interpreters of the environments, by name. */
const pythons = new Map();
/** What the tests in TypeScript are told of what there is. */
const told = {};

const receivers = buildReceivers();
await setUp();
if (parts.includes("checks")) {
  heading("Checks");
  count(await runChecks());
} else if (["node", RECEIVERS, SOAK].some((part) => parts.includes(part))) {
  heading("Building");
  count(await runChecks(["build"]));
}
if (parts.includes("node")) {
  heading("Unit tests in TypeScript");
  count(await runVitest(process.execPath, "--project", "unit"));
  for (const [version, executable] of nodes) {
    heading(`Unit tests on Node ${version}`);
    count(await runVitest(executable, "--project", "unit", FOR_NODE));
  }
}
// What is in Python goes on beside what comes now, in one environment at a time, since both wait for other programs more than
// they work; what is left of it then is done in two at a time. Its results stand last.
const inPython = sharedOut(parts.includes("python") ? pythonTests() : []);
const beside = parts.includes("node") ? inPython.work() : undefined;
if (parts.includes("node")) {
  heading("Tests in TypeScript that cross packages");
  count(await runVitest(process.execPath, "--project", "parts"));
}
if (parts.includes(SOAK)) {
  heading("Tests in TypeScript, in their long form");
  await setUpReceivers();
  await setUpSdkLines();
  told.HIVEWATCH_SOAK = "1";
  count(await runVitest(process.execPath));
}
if (parts.includes(RECEIVERS)) {
  heading("Tests in TypeScript with receivers of telemetry");
  await setUpReceivers();
  await setUpSdkLines();
  count(await runVitest(process.execPath, "--project", "receivers"));
}
if (parts.includes("python")) {
  heading("Tests in Python");
  await checkPython();
  await Promise.all([beside ?? inPython.work(), inPython.work()]);
  tellPython(inPython.results);
}
if (parts.includes(APPFL) && pythons.has(APPFL)) {
  heading("The adapter for APPFL, on APPFL itself");
  tellPython(await twoAtATime(pythonTests()));
}
conclude();

/** @param {string[]} args */
function partsFrom(args) {
  if (args.length === 0) return PARTS;
  const names = [...PARTS, ...Object.keys(LONG_FORMS)];
  if (args.length === 2 && args[0] === "--only" && names.includes(args[1])) return [args[1]];
  console.error(`Usage: npm test [-- --only ${names.join("|")}]`);
  process.exit(2);
}

async function setUp() {
  heading("Setting up");
  const steps = [() => report("packages", setUpPackages)];
  const testsNode = parts.includes("node") || parts.includes(SOAK);
  if (testsNode) steps.push(() => report("Chromium", setUpChromium));
  if (parts.includes("node")) {
    for (const version of OTHER_NODES) steps.push(() => report(`Node ${version}`, () => setUpNode(version)));
  }
  if (testsNode || parts.includes("python")) {
    const found = await findPythons(PYTHON_VERSIONS);
    const python = (name, interpreter, requirements) => {
      steps.push(() => report(`Python: ${name}`, () => setUpPython(name, interpreter, requirements)));
    };
    const needed = flowerEnvironments.filter(
      ({ isMain }) => isMain || parts.includes("python") || parts.includes(SOAK),
    );
    if (parts.includes(SOAK)) needed.push(simulationEnvironment);
    const newEnough = found.find(({ version }) => Number(version.split(".")[1]) >= 11);
    for (const { name, version, isMain, packages, relaxed } of needed) {
      // The newer versions of Flower want Python 3.11 or later; the main one is needed also where that is another.
      const interpreter = found.find((each) => each.version === version) ?? (isMain ? newEnough : undefined);
      python(name, interpreter, { files: TEST_REQUIREMENTS, withOurs: true, packages, relaxed });
    }
    const forMlflow = found.find(({ version }) => Number(version.split(".")[1]) >= 10);
    if (testsNode) {
      python("reference", found[0], { packages: [REFERENCE] });
      python("reference-0.2.1", found[0], { packages: [EARLIER_REFERENCE] });
      python("mlflow", forMlflow, MLFLOW);
    }
    if (parts.includes("python")) python(CHECKERS, newEnough, { packages: PYTHON_CHECKERS });
    if (parts.includes(SOAK)) python("mlflow-2", forMlflow, MLFLOW_2);
    for (const version of parts.includes("python") ? PYTHON_VERSIONS : []) {
      const interpreter = found.find((each) => each.version === version);
      python(version, interpreter, { files: TEST_REQUIREMENTS, withOurs: true });
    }
  }
  if (parts.includes(APPFL)) steps.push(() => report("Python: appfl", setUpAppfl));
  await twoAtATime(steps);
}

/**
 * @param {string} name
 * @param {() => Promise<string | undefined>} work answers why there is nothing to test with, if so
 */
async function report(name, work) {
  const begun = performance.now();
  const missing = await work();
  console.log(missing ? `- ${name}: ${missing}` : `✓ ${name} (${secondsSince(begun)})`);
  if (missing) counted.skipped.push(`${name}: ${missing}`);
}

/** Begins to build them, one after the other, since Go keeps all cores busy with one. Meanwhile everything else goes on. */
function buildReceivers() {
  const names = [
    ...(parts.includes(RECEIVERS) || parts.includes(SOAK) ? ["collector", "prometheus"] : []),
    ...(parts.includes(SOAK) ? ["jaeger"] : []),
  ];
  let before = Promise.resolve();
  return new Map(
    names.map((name) => {
      const found = before.then(() => findReceiver(name)).catch((error) => ({ missing: String(error) }));
      before = found;
      return [name, found];
    }),
  );
}

/** Waits for those that are still being built. */
async function setUpReceivers() {
  for (const [name, found] of receivers) {
    await report(name, async () => {
      const { executable, missing } = await found;
      if (executable) told[`HIVEWATCH_TEST_${name.toUpperCase()}`] = executable;
      return missing;
    });
  }
}

/** After the build, since it installs what was built. */
async function setUpSdkLines() {
  for (const sdkLine of SDK_LINES) {
    await report(`SDK of OpenTelemetry, line ${sdkLine.line}`, async () => {
      const node = sdkLine.node === undefined ? { executable: process.execPath } : await findNode(sdkLine.node);
      if ("missing" in node) return node.missing;
      const { folder, failure } = await installSdkLine(sdkLine, node.executable);
      if (folder) told[`HIVEWATCH_TEST_SDK_LINE_${sdkLine.line}`] = folder;
      return failure;
    });
  }
}

async function setUpPackages() {
  const { ok, output } = await installPackages();
  if (ok) return undefined;
  console.error(`Nothing can be tested, because the packages could not be installed:\n${output}`);
  process.exit(1);
}

async function setUpChromium() {
  const { executable, missing } = await findChromium();
  if (executable) told.HIVEWATCH_TEST_CHROMIUM = executable;
  return missing;
}

async function setUpNode(version) {
  const { executable, missing } = await findNode(version);
  if (executable) nodes.set(version, executable);
  return missing;
}

async function setUpPython(name, interpreter, requirements) {
  if (!interpreter) return "there is no such Python (with venv and ensurepip) on PATH or in pyenv";
  const { python, failure } = await makePythonEnvironment({ name, interpreter, ...requirements });
  if (python) pythons.set(name, python);
  return failure;
}

async function setUpAppfl() {
  const found = await findPythons([APPFL_PYTHON]);
  const made = await makeAppflEnvironment(found.find(({ version }) => version === APPFL_PYTHON));
  if ("failure" in made) return made.failure;
  pythons.set(APPFL, made.python);
  return undefined;
}

/**
 * @param {string} node
 * @param {...string} args
 */
async function runVitest(node, ...args) {
  if (pythons.has("flower")) told.HIVEWATCH_TEST_PYTHON_FLOWER = pythons.get("flower");
  if (pythons.has(simulationEnvironment.name)) {
    told.HIVEWATCH_TEST_PYTHON_SIMULATION = pythons.get(simulationEnvironment.name);
  }
  if (pythons.has("reference")) told.HIVEWATCH_TEST_PYTHON_REFERENCE = pythons.get("reference");
  if (pythons.has("reference-0.2.1")) told.HIVEWATCH_TEST_PYTHON_EARLIER_REFERENCE = pythons.get("reference-0.2.1");
  if (pythons.has("mlflow")) told.HIVEWATCH_TEST_PYTHON_MLFLOW = pythons.get("mlflow");
  if (pythons.has("mlflow-2")) told.HIVEWATCH_TEST_PYTHON_MLFLOW_2 = pythons.get("mlflow-2");
  rmSync(VITEST_REPORT, { force: true });
  const reporters = ["--reporter=default", "--reporter=./scripts/lib/vitest-report.mjs"];
  const { ok } = await run(node, [VITEST, "run", ...reporters, ...args], { env: told, live: true });
  try {
    const result = JSON.parse(readFileSync(VITEST_REPORT, "utf8"));
    if (result.failed.length === 0 && !ok) result.failed.push("vitest failed, and no test did");
    return result;
  } catch {
    return { passed: 0, failed: ["vitest left no report"] };
  }
}

async function checkPython() {
  const python = pythons.get(CHECKERS);
  if (python === undefined) return;
  for (const [tool, ...args] of [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]]) {
    const name = [tool, ...args].join(" ");
    const { ok, output } = await run(python, ["-m", tool, ...args], { cwd: path.join(root, "python") });
    console.log(ok ? `✓ ${name}` : `✗ ${name}\n${output.trim()}`);
    count({ passed: ok ? 1 : 0, failed: ok ? [] : [`Check: ${name}`] });
  }
}

/** The tests of the Python package in each of the environments. They print nothing. */
function pythonTests() {
  const names = [...pythons.keys()].filter((name) => name !== CHECKERS && !/^(reference|mlflow)/.test(name));
  return names.map((name) => async () => ({
    name,
    result: await runPytest(name, pythons.get(name), testsFor(name)),
  }));
}

/** @param {Awaited<ReturnType<ReturnType<typeof pythonTests>[number]>>[]} tested */
function tellPython(tested) {
  for (const { name, result } of tested) {
    console.log(`Python: ${name}\n${result.output.trim()}\n`);
    count(result);
  }
}

/** @param {{ passed: number, failed: string[], skipped?: string[] }} result */
function count({ passed, failed, skipped = [] }) {
  counted.passed += passed;
  counted.failed.push(...failed);
  counted.skipped.push(...skipped);
}

/** @param {string} text */
function heading(text) {
  console.log(`\n== ${text} ==`);
}

function conclude() {
  const { passed, failed, skipped } = counted;
  heading(`Done in ${secondsSince(start)}`);
  if (skipped.length > 0) console.log(`Skipped:\n${listed(skipped)}`);
  if (parts === PARTS) {
    const commands = Object.entries(LONG_FORMS).map(([name, what]) => `- npm test -- --only ${name}: ${what}`);
    console.log(`Not run, since it takes long:\n${commands.join("\n")}`);
  }
  if (failed.length > 0) console.log(`Failed:\n${listed(failed)}`);
  const mayNotSkip = process.env.HIVEWATCH_ALLOW_SKIPS === "0" && skipped.length > 0;
  if (mayNotSkip) console.log("That is a failure here: HIVEWATCH_ALLOW_SKIPS=0 allows no skipping.");
  console.log(`${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
  process.exitCode = failed.length > 0 || mayNotSkip || passed === 0 ? 1 : 0;
}

/**
 * @param {string[]} texts
 * @returns {string} a line or a few for each
 */
function listed(texts) {
  return texts.map((each) => `- ${shortened(each.trim())}`).join("\n");
}

/** @param {string} text */
function shortened(text) {
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
}
