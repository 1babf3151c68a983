import { defineConfig } from "vitest/config";

// Packages find each other's source, so that tests need no build. Not "module": that is code for bundlers, which Node can't
// always load.
const conditions = ["@hivewatch/source", "node", "development|production"];
const fromSource = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
const withReceivers = ["tests/otel*.test.ts", "otel*.test.ts"];
const exclude = ["**/node_modules/**", "**/dist/**", "**/.cache/**"];

// No test asserts a time: the limit only keeps one that hangs from holding up the rest.
const limitMs = process.env.HIVEWATCH_SOAK === "1" ? 2 * 3_600_000 : 600_000;
const patience = { testTimeout: limitMs, hookTimeout: limitMs };

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: {
          name: "unit",
          include: ["**/test/**/*.test.ts?(x)"],
          exclude: [...exclude, "bench/**"],
          ...patience,
          // By default one core is left idle, which may be half of them.
          maxWorkers: "100%",
        },
      },
      {
        // What crosses packages and starts other programs: after the unit tests, and one file at a time, so that on two
        // cores a program under test is not kept waiting by those of another file. Beside it `npm test` goes through the
        // environments of Python, one after the other, which mostly wait.
        ...fromSource,
        test: {
          name: "parts",
          include: ["tests/**/*.test.ts", "bench/test/*.test.ts", "*.test.ts"], // the last when vitest is run in tests/ itself
          exclude: [...exclude, ...withReceivers],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        // The same, with programs that Go builds: by themselves, so that `npm test` can build them during all others.
        ...fromSource,
        test: {
          name: "receivers",
          include: withReceivers,
          exclude,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
    ],
  },
});
