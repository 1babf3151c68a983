import { type Disk, type DiskFile, nodeDisk } from "../../src/disk.ts";

/** This machine's disk, with every file that is opened handed through a function. */
export function diskWith(change: (file: DiskFile, path: string) => DiskFile): Disk {
  return {
    ...nodeDisk,
    open: async (path, mode) => change(await nodeDisk.open(path, mode), path),
  };
}

/** This machine's disk for those who are in a hurry and keep nothing. */
export const hastyDisk: Disk = {
  ...diskWith((file) => ({ ...file, sync: async () => {} })),
  syncFolder: async () => {},
};
