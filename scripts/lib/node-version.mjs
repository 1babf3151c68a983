// Imported before everything else: an old Node then says what is wrong, instead of failing somewhere in a script.
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const [major, minor] = manifest.engines.node.replace(">=", "").split(".").map(Number);
const [haveMajor, haveMinor] = process.versions.node.split(".").map(Number);

if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
  console.error(
    `HiveWatch needs Node ${major}.${minor} or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
      "Install a newer one from https://nodejs.org, or with your version manager (such as `nvm install 20`), and try again.",
  );
  process.exit(1);
}
