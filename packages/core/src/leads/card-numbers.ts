/** Card numbers that somebody read out: they have no place with an analyst, and no result needs them. */

/** 13 to 19 digits, however they were grouped. */
const digitRun = /(?<![\d+])\d(?:[ .,\-\u00a0]{0,2}\d){12,18}(?!\d)/g;

export const cardNumberMark = "[card number]";

/** The text with every run of digits that passes for a card number replaced by a mark. */
export function withoutCardNumbers(text: string): string {
  return text.replaceAll(digitRun, (run) => (isCardNumber(run.replaceAll(/\D/g, "")) ? cardNumberMark : run));
}

/** The check digit of ISO/IEC 7812 (Luhn). */
function isCardNumber(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
