import { dirichlet, normal, pick, type Random, randomFrom } from "./random.ts";
import { addScaled, type Vector } from "./vector.ts";

/** Labelled examples. */
export interface Dataset {
  readonly features: readonly Vector[];
  /** The class of each example, from 0. */
  readonly labels: readonly number[];
}

export const NUM_CLASSES = 10;
export const NUM_FEATURES = 20;
/** How evenly each site's labels are spread (concentration of the Dirichlet distribution): at most sites few classes prevail. */
export const DIRICHLET_ALPHA = 0.15;

/** How far the classes lie apart, as the standard deviation of their centres per feature; that of their examples is 1. */
const SPREAD = 1;
/** How far a site's instruments shift what they measure, as a standard deviation per feature. */
const SITE_SHIFT = 0.25;
const NUM_TEST_EXAMPLES = 1_000;

/** The synthetic task of one seed. */
export interface Task {
  /** A site's own examples; the same each time it is asked. */
  siteData(siteId: string): Dataset;
  /** Evenly spread over the classes, and seen by no site. */
  readonly testData: Dataset;
}

export function createTask(seed: number): Task {
  const centreRandom = randomFrom(seed, "centres");
  const centres = Array.from({ length: NUM_CLASSES }, () => normals(centreRandom, SPREAD));

  function draw(random: Random, classShares: readonly number[], count: number, shift: Vector): Dataset {
    const features: Vector[] = [];
    const labels: number[] = [];
    for (let i = 0; i < count; i++) {
      const label = pick(random, classShares);
      const centre = centres[label];
      const example = normals(random, 1);
      addScaled(example, shift, 1);
      if (centre !== undefined) addScaled(example, centre, 1);
      features.push(example);
      labels.push(label);
    }
    return { features, labels };
  }

  return {
    // Drawn anew at each call: ten thousand sites' examples would not fit in memory.
    siteData(siteId) {
      const random = randomFrom(seed, "site", siteId);
      const count = Math.round(80 * Math.exp(1.6 * random()));
      return draw(random, dirichlet(random, DIRICHLET_ALPHA, NUM_CLASSES), count, normals(random, SITE_SHIFT));
    },
    testData: draw(
      randomFrom(seed, "test"),
      Array.from({ length: NUM_CLASSES }, () => 1 / NUM_CLASSES),
      NUM_TEST_EXAMPLES,
      new Float64Array(NUM_FEATURES),
    ),
  };
}

function normals(random: Random, deviation: number): Vector {
  const vector = new Float64Array(NUM_FEATURES);
  for (let i = 0; i < NUM_FEATURES; i++) vector[i] = deviation * normal(random);
  return vector;
}
