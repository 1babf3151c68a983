import { readFile } from "node:fs/promises";
import type { Program } from "@hivewatch/test-support";

const PAGE_BYTES = 4096;

/** How much of the memory a process has, in MB (Linux). */
export async function residentMegabytes({ pid }: Program): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, "utf8")).split(" ");
  return (Number(pages) * PAGE_BYTES) / 1e6;
}
