/** An error answer in the vendor's shape: {"error": {message, type, param, code}}. */
export class Fault extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    more: {
      type?: string;
      code?: string | null;
      param?: string | null;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
    this.name = "Fault";
    this.status = status;
    this.type = more.type ?? "invalid_request_error";
    this.code = more.code ?? null;
    this.param = more.param ?? null;
    this.headers = more.headers ?? {};
  }

  get body(): Record<string, unknown> {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}
