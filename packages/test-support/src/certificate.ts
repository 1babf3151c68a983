import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A certificate that is its own authority, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

/** Makes a certificate for the name, and for 127.0.0.1. Needs openssl. */
export async function newCertificate(name: string): Promise<Certificate> {
  const folder = await temporaryFolder();
  const [certPath, keyPath] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const names = `subjectAltName=DNS:${name},IP:127.0.0.1`;
  const keyArgs = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyPath];
  const args = ["req", "-x509", ...keyArgs, "-out", certPath, "-days", "2", "-subj", `/CN=${name}`, "-addext", names];
  await runProgram("openssl", args);
  return { cert: await readFile(certPath, "utf8"), key: await readFile(keyPath, "utf8"), certPath, keyPath };
}
