import { Fault } from "./fault.ts";

type Schema = Record<string, unknown>;

const MAX_PROPERTIES = 5000;
const MAX_DEPTH = 10;
const MAX_NAMES = 120_000;
const MAX_ENUM_VALUES = 1000;
const LONG_ENUM = { values: 250, characters: 15_000 };

const forbidden = [
  "allOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentRequired",
  "dependentSchemas",
  "patternProperties",
  "prefixItems",
  "propertyNames",
  "uniqueItems",
  "contains",
  "minContains",
  "maxContains",
  "unevaluatedItems",
  "unevaluatedProperties",
  "minProperties",
  "maxProperties",
  "default",
];

const formats = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid",
]);

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Walks a strict schema and refuses what the vendor refuses: a root that is no object, optional or additional
 * properties, keywords outside the supported subset, and anything over the published limits.
 */
export function checkSchema(schema: Schema, name: string, param: string): void {
  let properties = 0;
  let names = 0;
  let enumValues = 0;

  const refuse = (why: string, path: readonly string[]): never => {
    const context = path.length
      ? `In context=(${path.map((part) => `'${part}'`).join(", ")}), `
      : "In context=(), ";
    throw new Fault(400, `Invalid schema for response_format '${name}': ${context}${why}`, {
      code: "invalid_json_schema",
      param,
    });
  };

  if (schema["type"] !== "object")
    refuse(`schema must have type 'object' and not 'type: "${String(schema["type"])}"'.`, []);
  if ("anyOf" in schema) refuse("schema must not have 'anyOf' at the top level.", []);
  walk(schema, [], 1);

  function walk(node: unknown, path: readonly string[], depth: number): void {
    if (!isSchema(node)) return void refuse("schema must be an object.", path);
    if (depth > MAX_DEPTH) refuse(`schema exceeds ${MAX_DEPTH} levels of nesting.`, path);
    for (const keyword of forbidden) if (keyword in node) refuse(`'${keyword}' is not permitted.`, path);
    if ("$ref" in node) return;
    const union = node["anyOf"];
    if (Array.isArray(union)) {
      union.forEach((each, index) => walk(each, [...path, "anyOf", String(index)], depth));
    } else if (!("type" in node) && !("enum" in node) && !("const" in node)) {
      refuse("schema must have a 'type' key.", path);
    }
    const types = [node["type"]].flat();
    if (types.includes("object")) walkObject(node, path, depth);
    if (types.includes("array")) {
      if (!("items" in node)) refuse("array schema missing items.", path);
      walk(node["items"], [...path, "items"], depth + 1);
    }
    if (typeof node["format"] === "string" && !formats.has(node["format"])) {
      refuse(`'${node["format"]}' is not a supported format.`, path);
    }
    countValues(node, path);
    if (isSchema(node["$defs"])) {
      for (const [key, each] of Object.entries(node["$defs"])) {
        names += key.length;
        walk(each, [...path, "$defs", key], depth);
      }
    }
  }

  function walkObject(node: Schema, path: readonly string[], depth: number): void {
    const own = isSchema(node["properties"]) ? node["properties"] : {};
    if (node["additionalProperties"] !== false) {
      refuse("'additionalProperties' is required to be supplied and to be false.", path);
    }
    const required = Array.isArray(node["required"]) ? node["required"] : [];
    const optional = Object.keys(own).find((key) => !required.includes(key));
    if (optional !== undefined) {
      refuse(
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${optional}'.`,
        path,
      );
    }
    const stranger = required.find((key) => !Object.hasOwn(own, String(key)));
    if (stranger !== undefined) refuse(`Extra required key '${String(stranger)}' supplied.`, path);
    for (const [key, each] of Object.entries(own)) {
      properties++;
      names += key.length;
      walk(each, [...path, "properties", key], depth + 1);
    }
    if (properties > MAX_PROPERTIES) refuse(`schema has more than ${MAX_PROPERTIES} properties.`, path);
    if (names > MAX_NAMES) refuse(`names, enum values and constants exceed ${MAX_NAMES} characters.`, path);
  }

  function countValues(node: Schema, path: readonly string[]): void {
    const values = Array.isArray(node["enum"]) ? node["enum"] : "const" in node ? [node["const"]] : [];
    const characters = values.reduce((sum: number, value) => sum + String(value).length, 0);
    enumValues += Array.isArray(node["enum"]) ? values.length : 0;
    names += characters;
    if (enumValues > MAX_ENUM_VALUES) refuse(`schema has more than ${MAX_ENUM_VALUES} enum values.`, path);
    if (values.length > LONG_ENUM.values && characters > LONG_ENUM.characters) {
      refuse(
        `an enum of more than ${LONG_ENUM.values} values exceeds ${LONG_ENUM.characters} characters.`,
        path,
      );
    }
    if (names > MAX_NAMES) refuse(`names, enum values and constants exceed ${MAX_NAMES} characters.`, path);
  }
}
