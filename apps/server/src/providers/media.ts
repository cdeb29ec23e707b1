/**
 * Reads a recording from an address that came in from outside. The provider's own host is asked with our key; every
 * other hop (a presigned storage link, an old row) must be https and resolve to a public address, checked at the
 * moment of connecting, so that a name cannot point somewhere else afterwards.
 */
import { lookup as resolve, type LookupAddress } from "node:dns";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import type { Readable } from "node:stream";

export type Media =
  | {
      kind: "found";
      /** 206 when only the asked range came. */
      status: 200 | 206;
      contentType: string;
      contentLength: number | null;
      contentRange: string | null;
      body: Readable;
    }
  /** `unsatisfiable`: the asked range lies behind the end. */
  | { kind: "missing" | "unsatisfiable" }
  | { kind: "unavailable"; message: string };

export type MediaOptions = {
  /** Origin that gets the key and may be private (a sandbox on loopback). */
  ownOrigin: string;
  key: string;
  range?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Until the headers have come, and between two pieces of the body. */
  timeoutMs?: number;
};

const HOPS_MAX = 4;

export async function fetchMedia(address: string, options: MediaOptions): Promise<Media> {
  let url: URL;
  try {
    url = new URL(address);
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      const refusal = refusalOf(url, options.ownOrigin);
      if (refusal) return { kind: "unavailable", message: refusal };
      const response = await ask(url, options);
      const status = response.statusCode ?? 0;
      if (status >= 300 && status < 400 && response.headers.location) {
        response.resume();
        url = new URL(response.headers.location, url);
        continue;
      }
      return read(response, status);
    }
    return { kind: "unavailable", message: `More than ${HOPS_MAX - 1} redirects.` };
  } catch (error) {
    return { kind: "unavailable", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Why an address must not be asked, or null. */
export function refusalOf(url: URL, ownOrigin: string): string | null {
  if (url.origin === ownOrigin) return null;
  if (url.protocol !== "https:") return "A recording outside the provider's host has to be on https.";
  if (url.username || url.password) return "A recording's address carries no password.";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) && !isPublic(host)) return "A recording's address has to be public.";
  return null;
}

function read(response: IncomingMessage, status: number): Media {
  if (status === 200 || status === 206) {
    const length = Number(response.headers["content-length"]);
    return {
      kind: "found",
      status,
      contentType: response.headers["content-type"] ?? "application/octet-stream",
      contentLength: Number.isSafeInteger(length) ? length : null,
      contentRange: response.headers["content-range"] ?? null,
      body: response,
    };
  }
  response.resume();
  if (status === 404 || status === 410) return { kind: "missing" };
  if (status === 416) return { kind: "unsatisfiable" };
  return { kind: "unavailable", message: `HTTP ${status}.` };
}

function ask(url: URL, { ownOrigin, key, range, signal, timeoutMs = 20_000 }: MediaOptions) {
  const own = url.origin === ownOrigin;
  const get = url.protocol === "https:" ? httpsGet : httpGet;
  return new Promise<IncomingMessage>((answered, failed) => {
    const request = get(
      url,
      {
        headers: {
          ...(own ? { authorization: `Bearer ${key}` } : {}),
          ...(range ? { range } : {}),
          "accept-encoding": "identity",
        },
        timeout: timeoutMs,
        ...(own ? {} : { lookup: lookupPublic }),
        ...(signal ? { signal } : {}),
      },
      answered,
    );
    request.on("timeout", () => request.destroy(new Error(`No answer within ${timeoutMs / 1000} s.`)));
    request.on("error", failed);
  });
}

const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, "", 4);
    const outside = addresses.filter(({ address }) => isPublic(address));
    const first = outside[0];
    if (!first || outside.length < addresses.length)
      return callback(new Error("A recording's address has to be public."), "", 4);
    if (options.all) return callback(null, outside);
    callback(null, first.address, first.family);
  });
};

const notPublic = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  notPublic.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["100::", 64],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  notPublic.addSubnet(net, bits, "ipv6");

/** Is this an address of the open internet? IPv4 inside IPv6 is judged as IPv4. */
export function isPublic(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return isPublic(mapped);
  if (/^::ffff:/i.test(address)) return false;
  return !notPublic.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
