import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import type { ChatRouter } from "@parley/chat/router";
import { signServiceToken } from "@parley/db/service-token";

const TIMEOUT_MS = 5_000;

export type ChatHealth = { ok: true; startedAt: string } | { ok: false; reason: string };

/** The questions the server asks chat now; what chat is to do comes to it as jobs. */
export class ChatClient {
  readonly #chat;

  constructor({ url, serviceSecret }: { url: string; serviceSecret: string }) {
    this.#chat = createTRPCClient<ChatRouter>({
      links: [
        httpLink({
          url: `${url}/trpc`,
          headers: () => ({ authorization: `Bearer ${signServiceToken(serviceSecret, "server", "chat")}` }),
        }),
      ],
    });
  }

  /** Is chat there, and does it know us? Never throws: a chat that is down is an answer. */
  async health(): Promise<ChatHealth> {
    try {
      return await this.#chat.health.query(undefined, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      const refused = error instanceof TRPCClientError && error.data?.code === "UNAUTHORIZED";
      return {
        ok: false,
        reason: refused ? "Chat does not accept our service token." : "Chat does not answer.",
      };
    }
  }
}
