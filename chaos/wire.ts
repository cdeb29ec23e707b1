import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What a network does to the connections of a wire. Chances are per connection and second, or per piece. */
export type Weather = {
  /** Both ends see a reset. */
  reset: number;
  /** Neither end hears anything any more, nor that the other has gone. */
  stall: number;
  /** Each piece arrives this much later, in each direction. */
  latencyMs: number;
  /** Share of pieces that are lost and sent again, as TCP does: late, and everything behind them too. */
  loss: number;
};

export const calm: Weather = { reset: 0, stall: 0, latencyMs: 0, loss: 0 };

const LOOK_MS = 250;
const RESENT_MS = [200, 1_000] as const;
/** A machine keeps a connection whose peer has vanished for so long at most; ours are few. */
const FORGOTTEN_MS = 30_000;

/**
 * A TCP line between two parties of an installation, that can be disturbed. With several targets it is a plain load
 * balancer: the next one that takes the connection gets it.
 */
export class Wire {
  weather: Weather = calm;
  readonly counts = { connections: 0, resets: 0, stalls: 0, resent: 0 };
  readonly #server: Server;
  readonly #targets: () => readonly number[];
  readonly #chance: () => number;
  readonly #lines = new Set<Line>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  private constructor(targets: () => readonly number[], chance: () => number) {
    this.#targets = targets;
    this.#chance = chance;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#accept(socket));
    this.#timer = setInterval(() => this.#blow(), LOOK_MS);
  }

  /** Listens on 127.0.0.1; `targets` names the ports behind it, asked anew for every connection. */
  static async open(targets: () => readonly number[], chance: () => number = Math.random): Promise<Wire> {
    const wire = new Wire(targets, chance);
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #accept(near: Socket): Promise<void> {
    near.on("error", () => {});
    near.setNoDelay(true);
    const ports = this.#targets();
    for (let tries = 0; tries < ports.length && !near.destroyed; tries++) {
      const far = await reached(ports[this.#turn++ % ports.length]!);
      if (!far) continue;
      if (near.destroyed) return void far.destroy();
      this.counts.connections++;
      const line = new Line(near, far, this, this.#chance);
      this.#lines.add(line);
      void line.over.then(() => this.#lines.delete(line));
      return;
    }
    near.destroy();
  }

  #blow(): void {
    const { reset, stall } = this.weather;
    if (reset === 0 && stall === 0) return;
    const share = LOOK_MS / 1000;
    for (const line of this.#lines) {
      if (this.#chance() < reset * share) {
        this.counts.resets++;
        line.cut();
      } else if (!line.stalled && this.#chance() < stall * share) {
        this.counts.stalls++;
        line.stall();
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#server.close();
    for (const line of this.#lines) line.cut();
  }
}

function reached(port: number): Promise<Socket | null> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  return new Promise((done) => {
    socket.once("connect", () => done(socket));
    socket.on("error", () => done(null));
  });
}

const closed = (socket: Socket) => new Promise<void>((done) => socket.once("close", () => done()));

/** One connection through a wire. */
class Line {
  stalled = false;
  readonly over: Promise<unknown>;
  readonly #ends: readonly [Socket, Socket];

  constructor(near: Socket, far: Socket, wire: Wire, chance: () => number) {
    this.#ends = [near, far];
    this.#carry(near, far, wire, chance);
    this.#carry(far, near, wire, chance);
    this.over = Promise.all([closed(near), closed(far)]);
  }

  #carry(from: Socket, to: Socket, wire: Wire, chance: () => number): void {
    const flow = new Flow(() => delay(wire, chance));
    from.on("data", (piece) => {
      if (this.stalled) return;
      flow.push(() => {
        if (this.stalled || to.destroyed) return;
        if (!to.write(piece)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    });
    from.on("end", () => {
      if (!this.stalled) flow.push(() => void to.end());
    });
    from.on("close", () => {
      if (this.stalled) setTimeout(() => to.destroy(), FORGOTTEN_MS).unref();
      // What was read before the end is still on its way.
      else flow.push(() => to.destroySoon());
    });
  }

  /** Nobody hears of it, until the kernel of one side gives the connection up. */
  stall(): void {
    this.stalled = true;
    setTimeout(() => this.cut(), FORGOTTEN_MS).unref();
  }

  cut(): void {
    for (const end of this.#ends) if (!end.destroyed) end.resetAndDestroy();
  }
}

function delay({ weather, counts }: Wire, chance: () => number): number {
  if (weather.loss === 0 || chance() >= weather.loss) return weather.latencyMs;
  counts.resent++;
  const [least, most] = RESENT_MS;
  return weather.latencyMs + least + chance() * (most - least);
}

/** Acts in order, each delayed by itself: a late one keeps back those behind it. */
class Flow {
  readonly #waiting: { at: number; act: () => void }[] = [];
  readonly #delay: () => number;

  constructor(delayMs: () => number) {
    this.#delay = delayMs;
  }

  push(act: () => void): void {
    const wait = this.#delay();
    if (wait === 0 && this.#waiting.length === 0) return act();
    this.#waiting.push({ at: performance.now() + wait, act });
    if (this.#waiting.length === 1) this.#arm();
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (!next) return;
    setTimeout(
      () => {
        this.#waiting.shift()!.act();
        this.#arm();
      },
      Math.max(0, next.at - performance.now()),
    );
  }
}
