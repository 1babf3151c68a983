import { startEarly } from "./engine/start-engine.ts";

// Before all other parts of the page, which take a while to be ready themselves.
startEarly();
