import { defineConfig } from "vite";
import { slimAtlas } from "./slim-atlas.ts";
import { startScript } from "./start-script.ts";

/** Where `pnpm dev` finds a running `hivewatch up`. */
const SERVER = "http://127.0.0.1:7070";

export default defineConfig({
  base: "./",
  plugins: [slimAtlas(), startScript()],
  resolve: { conditions: ["@hivewatch/source", "module", "browser", "development|production"] },
  build: {
    target: "es2023",
    // The page is served under `default-src 'self'`, which forbids data: addresses.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: ["index.html", "src/start.ts"],
      // What every visit needs is one file, however much of it other parts use too.
      output: {
        codeSplitting: {
          groups: [
            { name: "start", test: /src\/start\.ts$/ },
            { name: "page", tags: ["$initial"] },
          ],
        },
      },
    },
    // The licences of what is bundled ask to be passed on with it.
    license: { fileName: "licenses.md" },
  },
  server: { proxy: { "/runs": SERVER, "/stream": SERVER } },
});
