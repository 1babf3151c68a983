import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./segments.ts";

/** Replaces a file so that a reader, and a crash, finds either all of the old or all of the new. */
export async function writeFileAtomic(path: string, data: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(data);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}
