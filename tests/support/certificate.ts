import { join } from "node:path";
import { startProgram, temporaryFolder } from "@hivewatch/test-support";
import type { TestContext } from "vitest";

/** The files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate of this machine's own address that nobody has signed, or the test is skipped. */
export async function makeCertificate(context: TestContext): Promise<Certificate> {
  const folder = await temporaryFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const openssl = startProgram("openssl", ["req", "-x509", ...kind, ...name, "-keyout", key, "-out", cert]);
  const exit = await openssl.exited.catch(() => undefined);
  if (exit === undefined) return context.skip("there is no openssl, which makes certificates");
  if (exit.code !== 0) throw new Error(`openssl made no certificate: ${openssl.stderr()}`);
  return { cert, key };
}
