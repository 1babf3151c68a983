/**
 * How much of something a test does: little, so that everything is seen to work, or as much as it takes to find what is
 * rare (`pnpm test:soak`, which sets HIVEWATCH_SOAK=1).
 */
export function soak(short: number, long: number): number {
  return isSoak ? long : short;
}

/** Whether tests should take their time. */
export const isSoak: boolean = process.env.HIVEWATCH_SOAK === "1";
