import { cp, mkdir, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inRepository, temporaryFolder } from "@hivewatch/test-support";

/**
 * HiveWatch as one has it who has installed it beside some OpenTelemetry, or none.
 *
 * @param openTelemetry - the folder of its packages. Default: there is none
 * @returns the command's main module
 */
export async function installCommand(openTelemetry?: string): Promise<string> {
  const modules = join(await temporaryFolder(), "node_modules");
  const cli = inRepository("packages/cli");
  await mkdir(join(modules, "@hivewatch"), { recursive: true });
  for (const part of ["dist", "package.json"])
    await cp(join(cli, part), join(modules, "hivewatch", part), { recursive: true });
  for (const name of ["core", "runs", "bridge", "map-server"])
    await symlink(inRepository(`packages/${name}`), join(modules, "@hivewatch", name));
  const commander = createRequire(join(cli, "package.json")).resolve("commander");
  await symlink(dirname(commander), join(modules, "commander"));
  if (openTelemetry !== undefined) await symlink(openTelemetry, join(modules, "@opentelemetry"));
  return join(modules, "hivewatch/dist/main.js");
}
