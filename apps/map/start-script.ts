import type { Plugin } from "vite";

/**
 * Gives what is built of `src/start.ts` a script tag of its own before the page's: it is short, so that the engine reads
 * the run while the browser is still busy with the rest.
 */
export function startScript(): Plugin {
  return {
    name: "start-script",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const start = Object.values(bundle).find(
          (file) => file.type === "chunk" && file.isEntry && file.name === "start",
        );
        if (start === undefined) return html;
        return html.replace("<script", `<script type="module" src="./${start.fileName}"></script>\n    <script`);
      },
    },
  };
}
