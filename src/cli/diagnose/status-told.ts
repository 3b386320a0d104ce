/** The HTTP status that a line of a log tells in words: `Error code: 429`, `openai.RateLimitError`, `429 Too Many Requests`. */

export type StatusTold = { readonly status: number; readonly end: number };

const TOLD: readonly RegExp[] = [
  /(?:error code|status(?:[ _]?code)?|http(?:[ _]status)?(?:\/\d(?:\.\d)?)?)["']?\s*[:=]?\s*["']?([3-5]\d\d)\b/gi,
  /(?:Error|Exception|failed|answered|returned|got|with|":)[:]?\s+([45]\d\d)\b/g,
  /\b([45]\d\d)\s*[:-]?\s*(?=Too Many Requests|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Payload Too Large|Unprocessable|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out|RESOURCE_EXHAUSTED|\{)/gi,
  /^\s*([45]\d\d)\b/g,
];

/** The official SDKs name their errors after the status. */
const CLASSES: Readonly<Record<string, number>> = {
  RateLimitError: 429,
  AuthenticationError: 401,
  PermissionDeniedError: 403,
  NotFoundError: 404,
  BadRequestError: 400,
  ConflictError: 409,
  UnprocessableEntityError: 422,
  InternalServerError: 500,
  ServiceUnavailableError: 503,
};

const CLASS = new RegExp(`\\b(${Object.keys(CLASSES).join('|')})\\b:?`, 'g');

/** The last one told, for it stands nearest to what follows; the class only where no number is. */
export function statusToldIn(text: string): StatusTold | undefined {
  let last: StatusTold | undefined;
  for (const pattern of TOLD)
    for (const found of text.matchAll(pattern)) {
      const end = found.index + found[0].length;
      if (last === undefined || end > last.end) last = { status: Number(found[1]), end };
    }
  if (last !== undefined) return last;
  const named = [...text.matchAll(CLASS)].at(-1);
  const status = CLASSES[named?.[1] ?? ''];
  return named === undefined || status === undefined
    ? undefined
    : { status, end: named.index + named[0].length };
}
