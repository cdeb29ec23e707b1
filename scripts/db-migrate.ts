import { openHouse } from "@parley/db/house";
import { migrate } from "@parley/db/migrate";
import { ensureLogins } from "@parley/db/roles";
import { environment, repository } from "./repository.ts";

const house = await openHouse({ repository, env: environment(), attach: true });
try {
  const applied = await migrate(house.ownerUrl);
  await ensureLogins(house.ownerUrl, house.secretsDir, house.keys.ENCRYPTION_KEY);
  console.log(applied.length > 0 ? applied.map((file) => `applied ${file}`).join("\n") : "Nothing to apply.");
} finally {
  await house.stop();
}
