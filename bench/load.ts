import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { quantile } from "./figure.ts";

export type LoadResult = { perSecond: number; p50: number; p99: number };

/**
 * Sends requests over so many connections, one at a time on each, for so long. Written on bare sockets because it
 * shares two cores with what it measures. Anything but a 2xx ends the run: a fast refusal is no figure.
 */
export async function httpLoad(its: {
  port: number;
  path: string;
  connections: number;
  forMs: number;
  body: (n: number) => string;
}): Promise<LoadResult> {
  const sockets = await Promise.all(
    Array.from({ length: its.connections }, async () => {
      const socket = connect(its.port, "127.0.0.1").setNoDelay();
      await once(socket, "connect");
      return socket;
    }),
  );
  let sent = 0;
  const request = () => {
    const body = its.body(sent++);
    return `POST ${its.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const result = await hammer(its, its.connections, (lane) => exchange(sockets[lane]!, request()));
  for (const socket of sockets) socket.destroy();
  return result;
}

/** Runs `work` in so many lanes at once, each time again when it is done, for so long. */
export async function hammer(
  { forMs }: { forMs: number },
  lanes: number,
  work: (lane: number) => Promise<unknown>,
): Promise<LoadResult> {
  const took: number[] = [];
  const began = performance.now();
  const until = began + forMs;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let at = performance.now(); at < until;) {
        await work(lane);
        const done = performance.now();
        took.push(done - at);
        at = done;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: took.length / seconds, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

/** One request, one whole answer. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const onData = (chunk: Buffer) => {
      heard += chunk.toString("latin1");
      const head = heard.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, head))?.[1] ?? 0);
      if (heard.length < head + 4 + length) return;
      finish();
      if (heard.startsWith("HTTP/1.1 2")) resolve();
      else reject(new Error(`The server answered: ${heard.slice(0, 300)}`));
    };
    const onEnd = () => {
      finish();
      reject(new Error(`The server hung up: ${heard.slice(0, 300)}`));
    };
    const finish = () => {
      socket.off("data", onData);
      socket.off("close", onEnd);
    };
    socket.on("data", onData);
    socket.on("close", onEnd);
    socket.write(request);
  });
}
