/**
 * What of a provider's text may be shown to a client: a 4xx about the client's own request, as an OpenAI-shaped body,
 * with everything that could name the account, the secret or the upstream taken out.
 */

const SECRETS: readonly RegExp[] = [
  // Google names the secret as the consumer: tbphp/gpt-load#317.
  /(?<=\bConsumer )['"][^'"]{1,256}['"]/gi,
  /\bBearer\s+[^\s"',;]+/gi,
  // sk-…, sk-ant-…, gsk_…, xai-…, AIza…, ak-…, JWTs
  /\b(?:sk|pk|rk|ak|gsk|xai|ghp|org|proj)[-_][A-Za-z0-9_.*-]{6,}/g,
  // Glued to a word, where it must look like chance not to be one: task-force.
  /sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{12,}/g,
  /\bAIza[A-Za-z0-9_-]{10,}/g,
  // Access keys of Alibaba Cloud and AWS, and Zhipu's `id.secret`.
  /\b(?:LTAI|AKIA|ASIA)[A-Za-z0-9]{12,}/g,
  /\b[0-9a-f]{32}\.[A-Za-z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+/g,
  /\b(?:api[-_ ]?key|secret|token|authorization|password)\\?["']?\s*[:=]\s*\\?["']?[^\s"'\\,;]{6,}/gi,
  /\b(?=[A-Za-z0-9_]*\d)(?=[A-Za-z0-9_]*[A-Za-z])[A-Za-z0-9_]{40,}\b/g,
];

/** Who pays: organisations, accounts, projects and users, by name or number. */
const OWNERS: readonly RegExp[] = [
  /(?<=<)(?:ak|org)-[^<>\s]{0,128}(?=>)/g,
  /\borg[-_][A-Za-z0-9]{2,}/g,
  /\buser_(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}/g,
  /(?<=\bin organi[sz]ation )[`'"(]?[^\s`'"()]{1,128}[`'")]?/gi,
  /(?<=\borgani[sz]ation )[`'"(<][^`'"()<>]{1,128}[`'")>]/gi,
  /(?<=\b(?:account|team|project|projects\/)[ :#]?)[[（［(<]?\d{6,}[\])>］）]?/gi,
  /(?<=\bprojects\/)[\w-]{1,64}/g,
];

const EMAIL = /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g;

/** Links to these help the reader; any other host is an address of somebody's machine. */
const DOCUMENTATION_HOSTS: ReadonlySet<string> = new Set([
  'help.aliyun.com',
  'www.alibabacloud.com',
  'bailian.console.aliyun.com',
  'platform.openai.com',
  'developers.openai.com',
  'help.openai.com',
  'docs.anthropic.com',
  'docs.claude.com',
  'platform.claude.com',
  'ai.google.dev',
  'cloud.google.com',
  'api-docs.deepseek.com',
  'platform.moonshot.cn',
  'platform.moonshot.ai',
  'docs.bigmodel.cn',
  'docs.z.ai',
  'openrouter.ai',
  'console.groq.com',
  'docs.mistral.ai',
  'docs.x.ai',
  'learn.microsoft.com',
  'aka.ms',
  'go.microsoft.com',
]);

/** Bare, without a scheme. The name of a field may look like a host, so the end must be one that only hosts have. */
const HOST =
  /^localhost$|\.(?:internal|local|svc|lan|corp|intranet|example|com|net|org|io|cn|dev|cloud|app)$/i;

const HOST_LIKE = /(?<![\w.-])([a-z0-9][a-z0-9.-]*[a-z])(?::\d+)?(?![\w-])/gi;

const NUMBERED_HOSTS: readonly RegExp[] = [
  /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g,
  /\[[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\](?::\d{1,5})?/gi,
  /(?<![\w:])[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}(?![\w:])/gi,
  /(?<![\w:])(?=[0-9a-f:]*\d)[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?(?![\w:])/gi,
];

const TEXT_LIMIT = 2_000;

export function redact(text: string): string {
  let clean = cut(text, 2 * TEXT_LIMIT);
  clean = clean.replace(/\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\]]+/gi, (url) =>
    DOCUMENTATION_HOSTS.has(hostOf(url)) ? url : '[address]',
  );
  clean = clean.replace(EMAIL, '[address]');
  for (const secret of [...SECRETS, ...OWNERS]) clean = clean.replace(secret, '[redacted]');
  for (const host of NUMBERED_HOSTS) clean = clean.replace(host, '[address]');
  return clean.replace(HOST_LIKE, withoutHost).slice(0, TEXT_LIMIT);
}

const withoutHost = (word: string, host: string): string =>
  HOST.test(host) && !DOCUMENTATION_HOSTS.has(host.toLowerCase()) ? '[address]' : word;

/** Not in the middle of a word: half a secret no longer looks like one. */
const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : text.slice(0, limit).replace(/\S+$/, '');

const SAMPLE_LIMIT = 500;

/** What an answer that no rule knows looked like, on one line, for the log. */
export function sampleOf(status: number, body: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a log's line must stay one
  const line = body.slice(0, 8 * SAMPLE_LIMIT).replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return `${status} ${redact(line.trim())}`.slice(0, SAMPLE_LIMIT).trimEnd().toWellFormed();
}

const hostOf = (url: string): string => /^\w+:\/\/([^/?#:@]+)(?:[/?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? '';

/** A code or a field path as the provider wrote it, if it looks like one and like nothing else. */
export function plainName(text: string | undefined): string | undefined {
  if (text === undefined || !/^[A-Za-z][A-Za-z0-9_.[\]-]{0,79}$|^\d{1,6}$/.test(text)) return undefined;
  return redact(text) === text ? text : undefined;
}

export function clientBodyOf(error: {
  readonly message: string;
  readonly code: string | null;
  readonly param: string | undefined;
}): Uint8Array {
  const { message, code, param } = error;
  return Buffer.from(
    JSON.stringify({ error: { message, type: 'invalid_request_error', param: param ?? null, code } }),
  );
}
