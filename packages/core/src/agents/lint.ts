/** What an agent must not leave out or promise, read from its own words before it speaks to anybody. */
import { defaultDisclosure } from "./disclosure.ts";

export type AgentFlaw = {
  code: "disclosure_silent" | "denies_being_a_machine" | "disclosure_anonymous";
  field: "disclosure" | "prompt";
  /** A flaw that refuses to be saved or started. */
  blocking: boolean;
  message: string;
  cure: string;
};

/** Words by which a sentence says that a machine speaks; by language, for a language we know. */
const machineWords: Record<string, RegExp> = {
  en: /\b(automated|automatic|artificial|a\.?i\.?|robot|bot|machine|computer|virtual|digital|recorded voice)\b/i,
  hi: /स्वचालित|एआई|ए\.?आई|मशीन|रोबोट|कंप्यूटर|कृत्रिम/,
  mr: /स्वयंचलित|एआय|मशीन|रोबोट|कृत्रिम/,
  es: /autom[aá]tic|artificial|robot|m[aá]quina|virtual|\bIA\b/i,
  fr: /automatique|artificiel|robot|machine|virtuel|\bIA\b/i,
  de: /automatisch|k[üu]nstlich|roboter|maschine|computer|virtuell|\bKI\b/i,
  it: /automatic|artificiale|robot|macchina|virtuale|\bIA\b/i,
  pt: /autom[aá]tic|artificial|rob[oô]|m[aá]quina|virtual|\bIA\b/i,
  nl: /automatisch|geautomatiseerd|kunstmatig|robot|machine|virtue|\bAI\b/i,
  pl: /automatyczn|sztuczn|robot|maszyn|wirtualn|\bAI\b/i,
  ar: /آلي|اصطناعي|روبوت|ذكاء/,
  ja: /自動|人工知能|ロボット|AI|機械/i,
};

/** Orders to pass for a person. "Never say that you are human" is no such order, hence the look back. */
const denials = [
  /\b(pretend|claim|say|insist|act as if|tell (?:them|people|the (?:person|caller|customer)))\b[^.\n]{0,40}\b(?:you are|you're|to be|being)\s+(?:a\s+)?(?:real\s+)?(?:human|person|not (?:an?\s+)?(?:ai|bot|machine|robot))\b/i,
  /\b(?:never|do not|don't)\s+(?:admit|reveal|disclose|mention|say)\b[^.;,\n]{0,40}\b(?:ai|a\.i\.|bot|machine|robot|artificial|automated)\b/i,
];
const denialsOfDenial = /\b(?:never|do not|don't|must not|not to)\b[^.\n]{0,15}$/i;

/** Every flaw in an agent's words, the blocking ones first. Languages without words of ours are believed. */
export function agentFlaws(agent: {
  disclosure: string;
  prompt: string;
  language: string;
  company: string;
}): AgentFlaw[] {
  const flaws: AgentFlaw[] = [];
  const [base = "en"] = agent.language.toLowerCase().split("-");
  const words = Object.hasOwn(machineWords, base) ? machineWords[base] : undefined;
  // An English sentence is understood in an agent of any language we cannot read; so it counts there too.
  const says = words?.test(agent.disclosure) || machineWords["en"]!.test(agent.disclosure);
  if (words && !says)
    flaws.push({
      code: "disclosure_silent",
      field: "disclosure",
      blocking: true,
      message: "The first sentence does not tell people that they speak to a machine.",
      cure: `Say it plainly, for example: “${defaultDisclosure(agent.language, agent.company)}”`,
    });
  if (denials.some((denial) => orders(agent.prompt, denial)))
    flaws.push({
      code: "denies_being_a_machine",
      field: "prompt",
      blocking: true,
      message: "The prompt tells the agent to pass for a person.",
      cure: "Take that sentence out: who asks must be told the truth.",
    });
  if (says && !named(agent.disclosure, agent.company))
    flaws.push({
      code: "disclosure_anonymous",
      field: "disclosure",
      blocking: false,
      message: `The first sentence does not say on whose behalf the agent calls.`,
      cure: `Name ${agent.company} in it.`,
    });
  return flaws;
}

function orders(prompt: string, denial: RegExp): boolean {
  const found = denial.exec(prompt);
  return found !== null && !denialsOfDenial.test(prompt.slice(0, found.index));
}

const plain = (text: string) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** The company's name, or its first word: “Acme” for “Acme Dental Pvt. Ltd.”. */
function named(disclosure: string, company: string): boolean {
  const said = plain(disclosure);
  const [first = ""] = plain(company).split(" ");
  return said.includes(plain(company)) || (first.length > 2 && said.split(" ").includes(first));
}
