import type { Dataset } from "./dataset.ts";

/** The data as they are when a sensor fails during one measurement: a single value isn't a number, which is all it takes. */
export function withBrokenSensor(data: Dataset): Dataset {
  const features = data.features.map((example, index) => {
    if (index !== 0) return example;
    const broken = example.slice();
    broken[0] = Number.NaN;
    return broken;
  });
  return { ...data, features };
}
