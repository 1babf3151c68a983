import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A name and a password; each may be missing. */
export interface Credentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

const NOTHING: Credentials = { user: undefined, password: undefined };

/** What `~/.mlflow/credentials` has in its section `[mlflow]`, as MLflow's own clients read it. */
export function credentialsIn(home: string): Credentials {
  let text: string;
  try {
    text = readFileSync(join(home, ".mlflow", "credentials"), "utf8");
  } catch {
    return NOTHING;
  }
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    section = /^\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, name, value] = /^([^#;[\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    // Python's format: `%%` is a `%`.
    if (section === "mlflow" && name !== undefined) values.set(name.toLowerCase(), (value ?? "").replaceAll("%%", "%"));
  }
  return { user: values.get("mlflow_tracking_username"), password: values.get("mlflow_tracking_password") };
}
