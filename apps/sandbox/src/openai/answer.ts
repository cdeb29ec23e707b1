import { fraction } from "../random.ts";
import type { Rank, Reading } from "./analyst.ts";

type Schema = Record<string, unknown>;

/**
 * Fills in a JSON schema from what was understood. It knows no particular schema: names of properties decide what is
 * meant, enums and bounds decide how it is written, and what is not understood gets the most modest value allowed.
 */
export function answerFor(
  schema: Schema,
  reading: Reading,
  asked: readonly AskedField[],
  seed: string,
): unknown {
  const resolve = (node: Schema): Schema => {
    const ref = node["$ref"];
    if (typeof ref !== "string") return node;
    const parts = ref.split("/").slice(1);
    const found = parts.reduce<unknown>((at, part) => (at as Schema | undefined)?.[part], schema);
    return resolve((found ?? {}) as Schema);
  };

  function fill(given: Schema, path: readonly string[]): unknown {
    const node = resolve(given);
    if ("const" in node) return node["const"];
    if (Array.isArray(node["anyOf"])) return fillUnion(node["anyOf"] as Schema[], path);
    if (Array.isArray(node["enum"])) return choose(node["enum"], path, reading);
    const types = [node["type"]].flat();
    if (types.includes("object")) {
      const properties = Object.entries((node["properties"] ?? {}) as Record<string, Schema>);
      return Object.fromEntries(properties.map(([key, each]) => [key, fill(each, [...path, key])]));
    }
    if (types.includes("array")) return fillArray(node, path);
    const meant = meaning(path, reading);
    if (meant === null || meant === undefined) {
      if (types.includes("null")) return null;
      return modest(node, types, `${seed}/${path.join("/")}`);
    }
    if (types.includes("boolean")) return meant === true;
    if (types.includes("number") || types.includes("integer")) return scaled(meant, node);
    return String(meant);
  }

  function fillUnion(options: Schema[], path: readonly string[]): unknown {
    const nullable = options.some((option) => resolve(option)["type"] === "null");
    const real = options.filter((option) => resolve(option)["type"] !== "null");
    const meant = meaning(path, reading);
    if (
      nullable &&
      (meant === null || meant === undefined) &&
      real.every((option) => !("properties" in resolve(option)))
    ) {
      return null;
    }
    return real[0] ? fill(real[0], path) : null;
  }

  function fillArray(node: Schema, path: readonly string[]): unknown[] {
    const items = resolve((node["items"] ?? {}) as Schema);
    const properties = Object.keys((items["properties"] ?? {}) as Schema);
    if (properties.includes("key") && properties.includes("value")) {
      return extract(items, reading, asked).map((found) =>
        Object.fromEntries(properties.map((key) => [key, found[key as keyof typeof found] ?? null])),
      );
    }
    if (/tag/i.test(path.at(-1) ?? "")) return [];
    const least = typeof node["minItems"] === "number" ? node["minItems"] : 0;
    return Array.from({ length: least }, () => fill(items, path));
  }

  return fill(schema, []);
}

const rankWords: Record<Rank, readonly string[]> = {
  1: ["low", "1", "cold", "none"],
  2: ["medium", "2", "moderate", "warm", "mid"],
  3: ["high", "3", "hot", "strong"],
};

/** What a property asks for, from its name and the names around it; undefined when it is not understood. */
function meaning(path: readonly string[], reading: Reading): string | number | boolean | null | undefined {
  const whole = path.map(plain).join(" ");
  const name = plain(path.at(-1) ?? "");
  const level = (Object.keys(reading.levels) as (keyof Reading["levels"])[]).find((key) =>
    whole.includes(key),
  );
  if (level) {
    return /reason|evidence|why|because|quote|explanation/.test(name)
      ? reading.levels[level].reason
      : reading.levels[level].rank;
  }
  if (/donotcall|dnc|optout|unsubscribe|nevercall/.test(name)) {
    if (/words|evidence|quote|reason/.test(name)) return reading.doNotCall ? reading.said.join(" ") : null;
    return reading.doNotCall;
  }
  if (/(callback|followup|callagain)/.test(name))
    return about(name, reading.callback, reading.outcome === "callback");
  if (/(meeting|appointment|demo|visit)/.test(name))
    return about(name, reading.meeting, reading.outcome === "appointment");
  if (/sentiment.*(score|value)|polarity/.test(name)) return reading.sentiment;
  if (/sentiment|mood|tone/.test(name)) {
    return reading.sentiment > 0.25 ? "positive" : reading.sentiment < -0.25 ? "negative" : "neutral";
  }
  if (/outcome|disposition|result|intentclass/.test(name)) return reading.outcome;
  if (/summary|synopsis/.test(name)) return reading.summary;
  if (/reason|evidence|rationale|explanation|quote/.test(name)) return reading.said.at(-1) ?? reading.summary;
  if (/confidence|certainty/.test(name)) return 0.9;
  if (/language/.test(name)) return "en";
  if (/interested/.test(name)) return reading.outcome === "interested" || reading.outcome === "appointment";
  if (/voicemail|machine/.test(name)) return reading.outcome === "voicemail";
  if (/wrongnumber/.test(name)) return reading.outcome === "wrong_number";
  return undefined;
}

/** A time, the words for it, or whether there is one. */
function about(
  name: string,
  time: { iso: string; words: string } | null,
  agreed: boolean,
): string | boolean | null {
  if (/(booked|requested|wanted|agreed|is|has)/.test(name) && !/(at|time|date|on)$/.test(name)) return agreed;
  if (/words|text|phrase|evidence|quote/.test(name)) return time?.words ?? null;
  return time?.iso ?? null;
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

function choose(values: readonly unknown[], path: readonly string[], reading: Reading): unknown {
  const meant = meaning(path, reading);
  if (typeof meant === "number") {
    const level = values.find(
      (value) => value === meant || rankWords[meant as Rank]?.includes(plain(String(value))),
    );
    if (level !== undefined) return level;
  } else if (meant !== null && meant !== undefined) {
    const wanted = plain(String(meant));
    const exact = values.find((value) => plain(String(value)) === wanted);
    const near =
      exact ??
      values.find((value) => plain(String(value)).includes(wanted) || wanted.includes(plain(String(value))));
    if (near !== undefined) return near;
  } else if (values.includes(null)) {
    return null;
  }
  return (
    values.find((value) => /^(other|unknown|none|neutral|unclear|na)$/.test(plain(String(value)))) ??
    values[0]
  );
}

function scaled(meant: string | number | boolean, node: Schema): number {
  const value = typeof meant === "number" ? meant : Number(meant) || 0;
  const low = typeof node["minimum"] === "number" ? node["minimum"] : undefined;
  const high = typeof node["maximum"] === "number" ? node["maximum"] : undefined;
  // A feeling from −1 to 1 on a scale that does not know negatives.
  const placed =
    !Number.isInteger(value) && low !== undefined && high !== undefined && high > 1
      ? low + ((value + 1) / 2) * (high - low)
      : value;
  const bounded = Math.min(high ?? placed, Math.max(low ?? placed, placed));
  return [node["type"]].flat().includes("integer") ? Math.round(bounded) : bounded;
}

function modest(node: Schema, types: readonly unknown[], seed: string): unknown {
  if (types.includes("boolean")) return false;
  if (types.includes("integer") || types.includes("number")) return scaled(0, node);
  if (node["format"] === "date-time") return "1970-01-01T00:00:00Z";
  if (node["format"] === "uuid")
    return `00000000-0000-4000-8000-${String(Math.floor(fraction(seed) * 1e12)).padStart(12, "0")}`;
  return "Not mentioned.";
}

/** Words by which people answer a question that somebody may want extracted. */
const topics: Record<string, RegExp> = {
  budget: /\b(budget|price|afford|expensive|dollars?|rupees?|per month)\b/i,
  timeline: /\b(this (week|month|quarter|year)|next (week|month|year)|soon|urgent\w*|right away)\b/i,
  callvolume: /\b(\w+ and \w+|\d+|twenty|thirty|hundred\w*)\b.*\b(calls?|more|week|day)?\b/i,
  vendor: /\b(vendor|supplier|provider|already have|happy with|hired)\b/i,
  decisionmaker: /\b(i decide|my partner|my colleague|my boss|finance)\b/i,
  email: /\b[\w.+-]+@[\w-]+\.[\w.]+\b/,
  painpoint: /\b(losing|miss(ing)? calls|nobody picks up|costs us)\b/i,
  objection: /\b(too expensive|not interested|do not need|no budget|already have)\b/i,
};

const topicOf = (field: string): RegExp | undefined => {
  const name = plain(field);
  const known = Object.keys(topics).find((topic) => name.includes(topic) || topic.includes(name));
  if (known) return topics[known];
  if (/(volume|size|many|number|count)/.test(name)) return topics["callvolume"];
  if (/(when|deadline|time)/.test(name)) return topics["timeline"];
  if (/(competitor|current|tool)/.test(name)) return topics["vendor"];
  if (/(pain|problem|need)/.test(name)) return topics["painpoint"];
  if (/(decision|authority)/.test(name)) return topics["decisionmaker"];
  return undefined;
};

export interface AskedField {
  key: string;
  /** What the instructions say in brackets: `text`, `a number, digits only`, `one of: a | b` … */
  kind: string;
  about: string;
}

type Found = {
  key: string;
  value: string;
  evidence: string;
  quote: string;
  reason: string;
  confidence: number;
};

/** The asked-for fields that were answered, each with the sentence that answers it. */
function extract(items: Schema, reading: Reading, asked: readonly AskedField[]): Found[] {
  const keyNode = ((items["properties"] ?? {}) as Record<string, Schema>)["key"];
  const fields = Array.isArray(keyNode?.["enum"])
    ? keyNode["enum"].map(
        (key) => asked.find((field) => field.key === key) ?? { key: String(key), kind: "", about: "" },
      )
    : asked;
  const sentences = reading.said.flatMap((line) => line.split(/(?<=[.!?])\s+/));
  return fields.flatMap((field) => {
    const topic = topicOf(field.key) ?? topicOf(field.about);
    const evidence = topic && sentences.find((sentence) => topic.test(sentence));
    const value = evidence && inKind(field.kind, evidence);
    if (!value) return [];
    return [{ key: field.key, value, evidence, quote: evidence, reason: evidence, confidence: 0.9 }];
  });
}

const tens: Record<string, number> = { ten: 10, twenty: 20, thirty: 30, fifty: 50, hundred: 100 };

/** The answer in the kind that was asked for; null when it is none. */
function inKind(kind: string, evidence: string): string | null {
  if (/number|digits|integer/i.test(kind)) {
    const figure = /\d[\d,]*/.exec(evidence)?.[0].replaceAll(",", "");
    if (figure) return figure;
    if (/hundred and fifty/i.test(evidence)) return "150";
    const word = Object.keys(tens).find((each) => new RegExp(`\\b${each}\\b`, "i").test(evidence));
    return word ? String(tens[word]) : null;
  }
  if (/yes or no|boolean/i.test(kind)) return /\b(no|not|never)\b/i.test(evidence) ? "no" : "yes";
  if (/one of/i.test(kind)) {
    const choices = kind.replace(/^.*one of:?/i, "").split(/[|,]/);
    return (
      choices
        .map((choice) => choice.trim())
        .find((choice) => choice && evidence.toLowerCase().includes(choice.toLowerCase())) ?? null
    );
  }
  if (/\b(day|date)\b/i.test(kind)) return null;
  return evidence.replace(/[.!?]+$/, "");
}

/** Fields that the instructions list, one a line: `- team_size (a number): how many people …`. */
export function fieldsAsked(instructions: string): AskedField[] {
  const listed = instructions.matchAll(
    /^\s*(?:[-*•]|\d+[.)])\s*[`"']?([a-zA-Z][\w .-]{0,40}?)[`"']?\s*(?:\(([^)\n]*)\))?\s*(?::|—|–| - |=)\s*(.*)$/gm,
  );
  return [...listed].map(([, key, kind, description]) => ({
    key: key!.trim(),
    kind: kind ?? "",
    about: description ?? "",
  }));
}
