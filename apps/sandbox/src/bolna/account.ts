import { hex } from "../random.ts";

/** The one account behind the key. */
export interface Account {
  /** Raw units of the vendor; nobody agrees which. */
  wallet: number;
  /** Calls dialling or live at once; more wait in line. */
  concurrency: number;
  /** Multiplies every rate limit. */
  rateFactor: number;
}

export const startingAccount: Account = { wallet: 10_000, concurrency: 500, rateFactor: 1 };

/** The account's caller numbers; the first serves people outside India. */
export const lines = ["+14155550142", "+918035739111", "+442071838750"] as const;

/** The pool's habit: an Indian number for Indian people, an American one for everybody else. */
export const usualLine = (to: string): string => (to.startsWith("+91") ? lines[1] : lines[0]);

export const phoneNumbersJson = lines.map((number) => ({
  id: hex(32, number),
  phone_number: number,
  agent_id: null,
  telephony_provider: "plivo",
  price: "$5.0",
  rented: true,
  created_at: "2026-01-05T09:12:44.310221",
  updated_at: "2026-01-05T09:12:44.310221",
  renewal_at: "17th Dec, 2026",
  humanized_created_at: "10 months ago",
  humanized_updated_at: "10 months ago",
}));

const uuid = (salt: string): string => {
  const digits = hex(32, salt);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
};

const providers = [
  { name: "elevenlabs", model: "eleven_turbo_v2_5", display: "Turbo v2.5" },
  { name: "sarvam", model: "bulbul:v2", display: "Bulbul v2" },
  { name: "cartesia", model: "sonic-2", display: "Sonic 2" },
] as const;

const people = [
  ["elevenlabs", "Rachel", "female", "American"],
  ["elevenlabs", "Brian", "male", "American"],
  ["elevenlabs", "Alice", "female", "British"],
  ["elevenlabs", "George", "male", "British"],
  ["sarvam", "Anushka", "female", "Indian"],
  ["sarvam", "Abhilash", "male", "Indian"],
  ["sarvam", "Vidya", "female", "Indian"],
  ["cartesia", "Lena", "female", "German"],
  ["cartesia", "Mateo", "male", "Spanish"],
] as const;

/** GET /me/voices. */
export const voicesJson = people.map(([provider, name, , accent]) => ({
  id: uuid(`voice ${name}`),
  voice_id: hex(20, "voice id", name),
  provider,
  name,
  model: providers.find((each) => each.name === provider)?.model ?? "",
  accent,
}));

/** GET /api/v1/voice-config/tts. */
export const voiceConfigJson = (language: string): Record<string, unknown> => ({
  language,
  providers: providers.map(({ name, model, display }) => ({
    id: uuid(`provider ${name}`),
    name,
    is_supported: true,
    models: [
      {
        id: uuid(`model ${model}`),
        model_id: model,
        display_name: display,
        description: null,
        display_order: 1,
        quality_tier: "standard",
        is_supported: true,
        default: true,
      },
    ],
  })),
  custom_voices: {},
  default: {
    provider_id: uuid(`provider ${providers[0].name}`),
    model_id: uuid(`model ${providers[0].model}`),
  },
});

/** GET /api/v1/voice-config/tts/voices. */
export function voiceItemsJson(providerId: string, page: number, pageSize: number): { items: unknown[] } {
  const provider = providers.find((each) => uuid(`provider ${each.name}`) === providerId)?.name;
  const items = people
    .filter((person) => person[0] === provider)
    .map(([, name, gender, accent]) => ({
      id: uuid(`voice ${name}`),
      provider_id: providerId,
      voice_id: hex(20, "voice id", name),
      name,
      gender,
      accent,
      age_range: "adult",
      use_case: ["conversational"],
      is_native: accent === "Indian",
      preview_url: null,
      source: "platform",
    }));
  return { items: items.slice((page - 1) * pageSize, page * pageSize) };
}
