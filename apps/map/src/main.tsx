import "./start.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { openedEarly } from "./engine/start-engine.ts";
import { readAddress } from "./run-address.ts";
import { pollRunList } from "./runs/run-list.ts";
import { applyTheme } from "./theme.ts";
import { lazily } from "./ui/lazily.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/map.css";
import "./styles/panels.css";
import "./styles/charts.css";
import "./styles/runs.css";

const SavedRun = lazily(async () => (await import("./saved-run.tsx")).SavedRun, null);

/** So long the page waits for the run that it is to show, before it is there without it. */
const MOMENT_MS = 150;

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");
applyTheme();
const { map } = readAddress(location.search);
const page = map === undefined ? <App list={pollRunList()} /> : <SavedRun map={map} />;
// What comes by then is in the first picture: to draw the page without the run and again with it takes longer.
const moment = new Promise((resolve) => {
  setTimeout(resolve, MOMENT_MS);
});
Promise.race([openedEarly(), moment]).then(() => render(page, root));
