/** An answer that says no, in the vendor's own shape. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, message: string, code = status) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
  }
}

export const bad = (message: string): Refusal => new Refusal(400, message, 1001);
export const missing = (what: string): Refusal => new Refusal(404, `${what} not found`);
