import { defineConfig } from "vitest/config";

// Packages find each other's source, so that tests need no build.
const conditions = ["@hivewatch/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["**/test/**/*.test.ts", "**/tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});
