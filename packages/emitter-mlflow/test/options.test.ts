import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HiveWatchError } from "@hivewatch/core";
import { newCertificate, temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, it } from "vitest";
import { settingsOf } from "../src/options.ts";

describe("what the environment says, as MLflow's own clients read it", () => {
  it("is used where no option says otherwise", () => {
    const env = {
      MLFLOW_TRACKING_URI: "https://mlflow.example.com/team/a",
      MLFLOW_EXPERIMENT_NAME: "clinics",
      MLFLOW_TRACKING_TOKEN: "t0ken",
      MLFLOW_TRACKING_INSECURE_TLS: "true",
      MLFLOW_WORKSPACE: "oncology",
      MLFLOW_HTTP_REQUEST_TIMEOUT: "7",
      MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING: "true",
    };
    const { connection, place, samplingIntervalSec } = settingsOf({}, env);
    expect(connection?.url.href).toBe("https://mlflow.example.com/team/a/");
    expect(connection).toMatchObject({
      headers: { authorization: "Bearer t0ken", "x-mlflow-workspace": "oncology" },
      tls: { rejectUnauthorized: false },
      timeoutMs: 7000,
    });
    expect([place.experiment, samplingIntervalSec]).toEqual(["clinics", 10]);
    expect(settingsOf({ experiment: "mine", systemMetrics: false }, env)).toMatchObject({
      place: { experiment: "mine" },
      samplingIntervalSec: undefined,
    });
  });

  it("a name and a password go before a token, and neither stays in the address", () => {
    const env = { MLFLOW_TRACKING_USERNAME: "eva", MLFLOW_TRACKING_PASSWORD: "pä:ss", MLFLOW_TRACKING_TOKEN: "t" };
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const { connection } = settingsOf({ trackingUri: "http://127.0.0.1:5000" }, env);
    expect(connection?.headers.authorization).toBe(basic("eva:pä:ss"));
    const inAddress = settingsOf({ trackingUri: "http://max:p%40ss@127.0.0.1:5000/?x=1" }, {}).connection;
    expect(inAddress?.headers.authorization).toBe(basic("max:p@ss"));
    expect(inAddress?.url.href).toBe("http://127.0.0.1:5000/");
  });

  it("what is set nowhere is read from the credentials file, as Python reads it", async () => {
    const home = await temporaryFolder();
    const lines = ["[other]", "mlflow_tracking_username=x", "[mlflow]", "# mlflow_tracking_password = y"];
    lines.push("MLFLOW_TRACKING_USERNAME: eva", "mlflow_tracking_password = p%%:=s # s ", "");
    await mkdir(join(home, ".mlflow"));
    await writeFile(join(home, ".mlflow", "credentials"), lines.join("\n"));
    const named = { HOME: home, MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" };
    const authorization = (env: Record<string, string>, trackingUri?: string) =>
      settingsOf({ trackingUri }, { ...named, ...env }).connection?.headers.authorization;
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    expect(authorization({})).toBe(basic("eva:p%:=s # s"));
    expect(authorization({ MLFLOW_TRACKING_USERNAME: "max" })).toBe(basic("max:p%:=s # s"));
    // Of another address who knows who has named it.
    expect(authorization({}, "http://mlflow.example.com")).toBeUndefined();
  });

  it("a certificate of one's own has its key in the same file", async () => {
    const { certPath, cert } = await newCertificate("eva");
    const settings = settingsOf({ trackingUri: "https://a" }, { MLFLOW_TRACKING_CLIENT_CERT_PATH: certPath });
    expect(settings.connection?.tls).toEqual({ rejectUnauthorized: true, cert, key: cert });
    const missing = () => settingsOf({ trackingUri: "https://a" }, { MLFLOW_TRACKING_CLIENT_CERT_PATH: "/none" });
    expect(missing).toThrow(/MLFLOW_TRACKING_CLIENT_CERT_PATH can't be read/);
  });

  it("what is set to nothing is not set", () => {
    expect(settingsOf({}, { MLFLOW_TRACKING_URI: " ", MLFLOW_EXPERIMENT_NAME: "" })).toMatchObject({
      connection: undefined,
      place: { experiment: "hivewatch" },
    });
  });
});

it.each(["sqlite:///mlflow.db", "./mlruns", "file:///tmp/mlruns", "databricks"])(
  "a store is not written directly: %s",
  (trackingUri) => {
    const make = () => settingsOf({ trackingUri }, {});
    expect(make).toThrow(HiveWatchError);
    expect(make).toThrow(/is no http address: .* Start `mlflow server` with that store/);
  },
);
