import type { Update } from "./messages.ts";

/** The buffers of an update that nobody here needs any more: handing them over is quicker than copying. */
export function buffersOf(update: Update): ArrayBuffer[] {
  if (update.kind !== "table") return [];
  const { clients, results, asked, status, rowOf, columns } = update.value;
  const arrays: (ArrayBufferView | undefined)[] = [clients, results, asked, status, rowOf];
  for (const { numbers, values } of columns.values()) {
    arrays.push(numbers?.numbers, numbers?.present, values?.codes);
  }
  const buffers = new Set<ArrayBuffer>();
  for (const array of arrays) if (array?.buffer instanceof ArrayBuffer) buffers.add(array.buffer);
  return [...buffers];
}
