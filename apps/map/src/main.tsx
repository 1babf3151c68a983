import { render } from "preact";
import { App } from "./app.tsx";
import { pollRunList } from "./runs/run-list.ts";
import { SavedRun } from "./saved-run.tsx";
import { applyTheme } from "./theme.ts";
import { readAddress } from "./url-state.ts";
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
render(map === undefined ? <App list={pollRunList()} /> : <SavedRun map={map} />, root);
