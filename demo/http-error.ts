/** Ends a request with a status and the error page that belongs to it. */
export class HttpError extends Error {
  readonly status: number;
  /** When it is worth another try, if ever. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, { retryAfterSeconds }: { retryAfterSeconds?: number } = {}) {
    super(`HTTP ${status}`);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
