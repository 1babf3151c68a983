import { type Fields, fields, inRepository, runProgram } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { needEarlierReference, needFlower, needReference } from "./support/parts.ts";

const SELECTED = "who was asked is known to some frameworks, and nobody else can tell who never answered";
const FIELDS = "an event may say more, as the adapters for frameworks do";
const FINISH =
  "a run can fail, comes to something, and says whether everything has arrived; without arguments it is as it was";
const UNKNOWN = "what nobody reported is missing, and not 0";
const MADE_BY_INIT = "a run is made by init, which knows how to reach the bridge";

const DECLARED = "what it would be called with is sent by the bridge, in another process";
const HOOKS = ["on_init", "on_client_update", "on_round", "on_dropout", "on_comm_failure", "on_checkpoint", "finish"];

/** The hooks of the emitters that are declared here. */
function hooksOf(emitter: string, more: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries([...HOOKS, ...more].map((hook) => [`emitters.${emitter}.${hook}: not ours`, DECLARED]));
}

const SHARED: Readonly<Record<string, string>> = {
  ...hooksOf("WandbEmitter"),
  ...hooksOf("MLflowEmitter"),
  "cli (module): not ours": "the command is hivewatch, from npm",
  "map (module): not ours": "the map is served by hivewatch up",
  "geo (module): not ours": "it asks a service on the internet where an address is",
  "run (module): not ours": "HivewatchRun is in the package itself",
  "schema (module): not ours": "ClientUpdate and RoundSummary are in the package itself; run ids are made by init",
  "init(endpoint): ours alone": "where the bridge is",
  "init(token): ours alone": "what opens the bridge",
  "round_start(selected): ours alone": SELECTED,
  "log_dropout(fields): ours alone": FIELDS,
  "log_comm_failure(fields): ours alone": FIELDS,
  "finish(status): ours alone": FINISH,
  "finish(reason): ours alone": FINISH,
  "finish(timeout): ours alone": FINISH,
  "finish(metrics): ours alone": FINISH,
  "HivewatchRun.__init__(sender): ours alone": MADE_BY_INIT,
  "HivewatchRun.__init__(emitters): positional or keyword, ours positional or keyword = None": MADE_BY_INIT,
  "HivewatchRun.__init__(verbose): positional or keyword, ours positional or keyword = True": MADE_BY_INIT,
  "HivewatchRun.__init__: another order": MADE_BY_INIT,
  "HivewatchRun.round_start(selected): ours alone": SELECTED,
  "HivewatchRun.log_round(num_stragglers): keyword-only = 0, ours keyword-only = None": UNKNOWN,
  "HivewatchRun.log_round(num_failures): keyword-only = 0, ours keyword-only = None": UNKNOWN,
  "HivewatchRun.log_round(total_bytes_up): keyword-only = 0, ours keyword-only = None": UNKNOWN,
  "HivewatchRun.log_round(total_bytes_down): keyword-only = 0, ours keyword-only = None": UNKNOWN,
  "HivewatchRun.log_round(metrics): ours alone": FIELDS,
  "HivewatchRun.log_dropout(fields): ours alone": FIELDS,
  "HivewatchRun.log_comm_failure(fields): ours alone": FIELDS,
  "HivewatchRun.finish(status): ours alone": FINISH,
  "HivewatchRun.finish(reason): ours alone": FINISH,
  "HivewatchRun.finish(timeout): ours alone": FINISH,
  "HivewatchRun.finish(metrics): ours alone": FINISH,
};

/** Each difference to the newest Python hivewatch, and its reason. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  ...SHARED,
  ...hooksOf("GeoEmitter", ["on_server_metadata"]),
};

const RENAMED = "it has the newer name, and is read under the former one";

/** Those to the version before names were changed, beside them. */
const EARLIER_DIFFERENCES: Readonly<Record<string, string>> = {
  ...SHARED,
  ...hooksOf("SSEEmitter", ["on_server_metadata"]),
  "HivewatchRun.log_round(gradient_norm_dispersion): ours alone": "the newer name of gradient_divergence",
  "RoundSummary.__init__(gradient_divergence): not ours": RENAMED,
  "RoundSummary.__init__(gradient_norm_dispersion): ours alone": RENAMED,
};

test("the API is that of the newest Python hivewatch, but for what is listed", async (context) => {
  const [theirs, ours] = [await signatures(needReference(context), "hivewatch"), await ourSignatures(context)];
  expect(differences(theirs, ours)).toEqual(Object.keys(DIFFERENCES).sort());
});

test("the API is that of Python hivewatch 0.2.1, but for what is listed", async (context) => {
  const [theirs, ours] = [await signatures(needEarlierReference(context), "hivewatch"), await ourSignatures(context)];
  expect(differences(theirs, ours)).toEqual(Object.keys(EARLIER_DIFFERENCES).sort());
});

async function signatures(python: string, module: string, env: Record<string, string> = {}): Promise<Fields> {
  return fields(JSON.parse(await runProgram(python, [inRepository("tests/python/signatures.py"), module], { env })));
}

function ourSignatures(context: Parameters<typeof needFlower>[0]): Promise<Fields> {
  return signatures(needFlower(context), "hivewatch_bridge", { PYTHONPATH: inRepository("python/src") });
}

/** In what a program may notice that it has another package; what we have beside is no difference. */
function differences(theirs: Fields, ours: Fields): string[] {
  return Object.entries(theirs)
    .flatMap(([name, signature]) => {
      const own = ours[name];
      return own === undefined ? [`${name}: not ours`] : differencesOf(name, fields(signature), fields(own));
    })
    .sort();
}

function differencesOf(name: string, theirs: Fields, ours: Fields): string[] {
  const found = Object.entries(theirs).flatMap(([parameter, description]) => {
    const own = ours[parameter];
    if (own === undefined) return [`${name}(${parameter}): not ours`];
    return own === description ? [] : [`${name}(${parameter}): ${description}, ours ${own}`];
  });
  const more = Object.keys(ours).filter((parameter) => !(parameter in theirs));
  const inOrder = positional(theirs).every((parameter, index) => positional(ours)[index] === parameter);
  return [
    ...found,
    ...more.map((parameter) => `${name}(${parameter}): ours alone`),
    ...(inOrder || found.some((each) => each.endsWith("not ours")) ? [] : [`${name}: another order`]),
  ];
}

function positional(signature: Fields): string[] {
  return Object.keys(signature).filter((parameter) => String(signature[parameter]).startsWith("positional"));
}
