import { once } from "node:events";
import { connect } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { startTestBridge } from "./support/test-bridge.ts";

test("a sender may have a large batch on its way, and needs not wait for a round trip behind each 64 KiB", async () => {
  const { bridge } = await startTestBridge();
  const session = connect(`http://${bridge.address}`);
  onTestFinished(() => session.destroy());
  const [settings] = await once(session, "remoteSettings");
  // A connection's window is widened by a frame of its own, which comes before the answer to a ping.
  await new Promise((resolve) => session.ping(resolve));
  expect({ stream: settings.initialWindowSize, connection: session.state.remoteWindowSize }).toEqual({
    stream: 4 * 1024 * 1024,
    connection: 4 * 1024 * 1024,
  });
});
