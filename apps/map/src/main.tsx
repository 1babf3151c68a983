import "./start.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { readAddress } from "./run-address.ts";
import { pollRunList } from "./runs/run-list.ts";
import { SavedRun } from "./saved-run.tsx";
import { applyTheme } from "./theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/map.css";
import "./styles/panels.css";
import "./styles/charts.css";
import "./styles/runs.css";

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");
applyTheme();
const { map } = readAddress(location.search);
const page = map === undefined ? <App list={pollRunList()} /> : <SavedRun map={map} />;
// A task of its own: between the two the engine's thread can start, and what it tells by then is in the first picture.
setTimeout(() => render(page, root));
