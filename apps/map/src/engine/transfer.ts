import type { Update } from "./messages.ts";

/** The buffers of an update that nobody here needs any more: handing them over is quicker than copying. */
export function buffersOf(update: Update): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const array of arraysOf(update)) if (array?.buffer instanceof ArrayBuffer) buffers.add(array.buffer);
  return [...buffers];
}

function arraysOf(update: Update): (ArrayBufferView | undefined)[] {
  switch (update.kind) {
    case "clients": {
      const { clients, lat, lng } = update.value.places;
      return [clients, lat, lng];
    }
    case "table": {
      const { clients, results, asked, status, rowOf, columns } = update.value;
      const cells = Array.from(columns.values(), ({ numbers, values }) => [
        numbers?.numbers,
        numbers?.present,
        values?.codes,
      ]);
      return [clients, results, asked, status, rowOf, ...cells.flat()];
    }
    default:
      return [];
  }
}
