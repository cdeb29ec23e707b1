import type { Session } from "@parley/core/accounts/schema";
import { param, row, sql } from "@parley/db";
import type { Parts, Person } from "../context.ts";

type Found = {
  member_id: string;
  role: Session["member"]["role"];
  id: string;
  company: string;
  time_zone: string;
  default_region: string;
  credits: number;
  concurrent_limit: number;
};

/** A person in a workspace, as sign-up, sign-in and me tell it. */
export async function sessionView({ db }: Parts, person: Person, userId: string): Promise<Session> {
  const found = await db.web.tx(userId, (tx) =>
    row<Found>(
      tx,
      sql`select m.id as member_id, m.role, u.id, u.company, u.time_zone, u.default_region, u.credits, u.concurrent_limit
        from users u join members m on m.user_id = u.id
        where u.id = ${param(userId)} and m.person_id = ${param(person.id)}`,
      "You are no longer a member of this workspace.",
    ),
  );
  return {
    member: {
      id: found.member_id,
      email: person.email,
      name: person.name,
      role: found.role,
      isPlatformAdmin: person.isPlatformAdmin,
    },
    user: {
      id: found.id,
      company: found.company,
      timeZone: found.time_zone,
      defaultRegion: found.default_region,
      credits: found.credits,
      concurrentLimit: found.concurrent_limit,
    },
  };
}
