import "@fastify/cookie";
import type { FastifyRequest } from "fastify";
import type { Visitor } from "../trpc.ts";
import type { Sessions } from "./session.ts";

/** Who sends this request: a bearer key wins over a cookie, a wrong key is nobody. */
export async function visitorOf(sessions: Sessions, request: FastifyRequest): Promise<Visitor | null> {
  const bearer = bearerOf(request);
  if (bearer !== null) return sessions.readKey(bearer);
  const token = request.cookies[sessions.lucia.sessionCookieName];
  return token ? sessions.read(token) : null;
}

export function bearerOf({ headers }: Pick<FastifyRequest, "headers">): string | null {
  const [scheme, value] = (headers.authorization ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" && value ? value : null;
}
