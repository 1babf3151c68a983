export { type MapServer, type MapServerOptions, startMapServer } from "./server.ts";
