/**
 * What people are told before anything else: that a machine speaks, for whom, and that the call may be recorded.
 * Every agent has such a sentence; it is spoken before the welcome message.
 */
const sentences: Record<string, (company: string) => string> = {
  en: (company) => `Hello, this is an automated assistant calling for ${company}. This call may be recorded.`,
  hi: (company) => `नमस्ते, यह ${company} की ओर से एक स्वचालित सहायक की कॉल है। यह कॉल रिकॉर्ड की जा सकती है।`,
  mr: (company) => `नमस्कार, ही ${company} तर्फे एका स्वयंचलित सहाय्यकाची कॉल आहे. ही कॉल रेकॉर्ड केली जाऊ शकते.`,
  es: (company) =>
    `Hola, le llama un asistente automático de parte de ${company}. Esta llamada puede ser grabada.`,
  fr: (company) =>
    `Bonjour, un assistant automatique vous appelle de la part de ${company}. Cet appel peut être enregistré.`,
  de: (company) =>
    `Guten Tag, hier spricht ein automatischer Assistent im Auftrag von ${company}. Dieses Gespräch kann aufgezeichnet werden.`,
  it: (company) =>
    `Buongiorno, è un assistente automatico che chiama per conto di ${company}. La chiamata può essere registrata.`,
  pt: (company) => `Olá, fala um assistente automático em nome de ${company}. Esta chamada pode ser gravada.`,
  nl: (company) =>
    `Goedendag, u spreekt met een automatische assistent namens ${company}. Dit gesprek kan worden opgenomen.`,
  pl: (company) =>
    `Dzień dobry, dzwoni automatyczny asystent w imieniu ${company}. Rozmowa może być nagrywana.`,
  ar: (company) => `مرحبًا، معك مساعد آلي يتصل نيابةً عن ${company}. قد يتم تسجيل هذه المكالمة.`,
  ja: (company) =>
    `こんにちは。${company}の自動音声アシスタントからのお電話です。この通話は録音されることがあります。`,
};

/** Languages with a sentence of their own; all others get the English one. */
export const disclosureLanguages = Object.keys(sentences);

/** The default for a language (`en-IN` counts as `en`). */
export function defaultDisclosure(language: string, company: string): string {
  const [base = "en"] = language.toLowerCase().split("-");
  const sentence = (Object.hasOwn(sentences, base) && sentences[base]) || sentences["en"]!;
  return sentence(company.replace(/[.!?。।\s]+$/u, "")); // "Acme Inc." would end the sentence twice
}

/** What the agent says first: the disclosure, then its welcome. */
export function openingWords(disclosure: string, welcomeMessage: string): string {
  return `${disclosure.trim()} ${welcomeMessage.trim()}`;
}
