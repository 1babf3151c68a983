// To be imported into a program: notes in a file, a line each, which files it has synced.
import { appendFileSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";

const handle = await open("/dev/null");
const prototype = Object.getPrototypeOf(handle);
await handle.close();

const { datasync } = prototype;
prototype.datasync = function noteSync() {
  appendFileSync(process.env.NOTE_SYNCS, `${readlinkSync(`/proc/self/fd/${this.fd}`)}\n`);
  return datasync.call(this);
};
