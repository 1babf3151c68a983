import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Client, credentials } from "@grpc/grpc-js";
import { PUBLISH } from "./publish-method.ts";

/** How many batches are on their way at once, as with the Python client. */
const WINDOW = 16;

/** A `Publish` stream of encoded batches. */
export interface Publisher {
  /** Sends batches, and waits until each of them is acknowledged. */
  publish(batches: Iterable<Uint8Array>): Promise<void>;
  close(): void;
}

/** Opens a stream to a bridge, or to what stands for one. */
export function openPublisher(address: string): Publisher {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_send_message_length": -1,
  });
  const call = client.makeBidiStreamRequest(PUBLISH.path, PUBLISH.requestSerialize, PUBLISH.responseDeserialize);
  let answered = (): void => {};
  let failed: (error: Error) => void = () => {};
  call.on("error", (error) => failed(error));
  call.on("data", (answer: Buffer) => {
    const reason = refusalIn(answer);
    if (reason === undefined) answered();
    else failed(new Error(`a batch was refused: ${reason}`));
  });
  return {
    publish: (batches) =>
      new Promise((resolve, reject) => {
        const rest = batches[Symbol.iterator]();
        let inFlight = 0;
        const sendNext = (): void => {
          const { done, value } = rest.next();
          if (done === true) {
            if (inFlight === 0) resolve();
            return;
          }
          inFlight++;
          call.write(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
        };
        failed = reject;
        answered = () => {
          inFlight--;
          sendNext();
        };
        for (let i = 0; i < WINDOW; i++) sendNext();
      }),
    close() {
      call.cancel();
      client.close();
    },
  };
}

/** The reason of the refusal in an answer; undefined if there is none. An answer of the floor is empty. */
function refusalIn(answer: Uint8Array): string | undefined {
  const reader = new BinaryReader(answer);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 6) return Buffer.from(reader.bytes()).toString();
    reader.skip(type);
  }
  return undefined;
}
