import { RequestFailure } from "./failure.ts";
import { findMlflow, type LocalServer, prepareLocalServer } from "./local-server.ts";
import { createMlflowApi, type MlflowApi } from "./mlflow-api.ts";
import { connectionTo, type Settings } from "./options.ts";
import { createRequester } from "./request.ts";

/** The way to MLflow: to the server that was named, or to one that is started here. */
export interface Connector {
  /** @throws RequestFailure */
  connect(signal: AbortSignal): Promise<MlflowApi>;
  close(): Promise<void>;
}

const LOOK_AGAIN_MS = 60_000;
const NOT_FOUND = "there is no mlflow on PATH to start one";
const NOT_WANTED = "startServer is false";

export function createConnector(settings: Settings): Connector {
  return settings.connection === undefined ? localConnector(settings) : remoteConnector(settings.connection);
}

function remoteConnector(connection: NonNullable<Settings["connection"]>): Connector {
  const api = createMlflowApi(createRequester(connection));
  return {
    connect: async () => api,
    close: async () => api.requester.close(),
  };
}

/** The server of this process, which its emitters share. */
let shared: Promise<LocalServer> | undefined;
let holders = 0;

function localConnector({ startServer, say }: Settings): Connector {
  let api: MlflowApi | undefined;
  let isHolding = false;

  function hold(): Promise<LocalServer> {
    if (startServer === false) throw noServer(NOT_WANTED);
    const command = findMlflow(process.env.PATH);
    if (command === undefined) throw noServer(NOT_FOUND);
    shared ??= prepareLocalServer(command, say);
    if (!isHolding) holders++;
    isHolding = true;
    return shared;
  }

  return {
    async connect(signal) {
      const server = await hold();
      await server.ready(signal);
      api ??= createMlflowApi(createRequester(connectionTo(server.url.href, {})));
      return api;
    },
    async close() {
      api?.requester.close();
      api = undefined;
      if (!isHolding) return;
      isHolding = false;
      holders--;
      if (holders > 0 || startServer === "keep") return;
      const server = shared;
      shared = undefined;
      await (await server)?.stop();
    },
  };
}

function noServer(why: string): RequestFailure {
  const hint = "to send it later: MLFLOW_TRACKING_URI=http://… hivewatch replay <run id> --to mlflow";
  const message = `MLFLOW_TRACKING_URI names no server, and ${why}. All is kept in the run's log; ${hint}`;
  return new RequestFailure(message, { afterMs: LOOK_AGAIN_MS });
}
