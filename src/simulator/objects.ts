/**
 * Files and batches of one simulated account, as Model Studio has them on its compatible path: what is uploaded here is
 * there for this account alone. A batch takes its time by the clock and then has an output file. Large contents are not
 * kept: their size is, and zeros come back.
 * Source: https://help.aliyun.com/zh/model-studio/batch-interfaces-compatible-with-openai
 */

import type { Clock } from '../base/clock.ts';
import type { UpstreamRequest } from '../base/fetch.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import { boundaryOf, MultipartScanner } from '../base/multipart.ts';
import { bytesOf } from './forms.ts';

/** An answer, or in words why there is none. */
export type ObjectAnswer =
  | { readonly json: object }
  | { readonly bytes: AsyncIterable<Uint8Array>; readonly size: number }
  | { readonly missing: string }
  | { readonly wrong: string };

export type SimulatedObjects = {
  /** `path`: below the version, as in `/files/file-1/content`. */
  answer(request: UpstreamRequest, url: URL, path: string): Promise<ObjectAnswer>;
};

type StoredFile = {
  readonly id: string;
  readonly object: 'file';
  readonly bytes: number;
  readonly created_at: number;
  readonly filename: string;
  readonly purpose: string;
  readonly status: 'processed';
};

type Batch = {
  readonly id: string;
  readonly inputFile: string;
  readonly endpoint: string;
  readonly window: string;
  readonly metadata: unknown;
  readonly createdMs: number;
  cancelledMs?: number;
  outputFile?: string;
};

/** How long a batch is looked at, and when it is done. */
const VALIDATING_MS = 1_000;
export const BATCH_MS = 30_000;

const KEPT_BYTES = 4 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024);

export function createObjects(
  account: string,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): SimulatedObjects {
  const files = new Map<string, StoredFile>();
  const contents = new Map<string, Buffer>();
  const batches = new Map<string, Batch>();

  const newId = (prefix: string): string => {
    const unique = Array.from({ length: 20 }, () => Math.floor(random() * 36).toString(36)).join('');
    return `${prefix}${unique}`;
  };
  const seconds = (ms: number): number => Math.floor(ms / 1_000);

  const store = (
    content: Buffer | undefined,
    bytes: number,
    { filename, purpose }: { readonly filename: string; readonly purpose: string },
  ): StoredFile => {
    const id = newId(purpose.startsWith('batch') ? 'file-batch-' : 'file-fe-');
    const file: StoredFile = {
      ...{
        id,
        object: 'file',
        bytes,
        created_at: seconds(clock.now()),
        filename,
        purpose,
        status: 'processed',
      },
    };
    files.set(id, file);
    if (content !== undefined) contents.set(id, content);
    return file;
  };

  const upload = async (request: UpstreamRequest): Promise<ObjectAnswer> => {
    const boundary = boundaryOf(request.headers['content-type'] ?? '');
    if (boundary === undefined) return { wrong: 'The request must be multipart/form-data.' };
    const scanner = new MultipartScanner(boundary);
    const kept: Uint8Array[] = [];
    let size = 0;
    for await (const piece of bytesOf(request)) {
      scanner.push(piece);
      size += piece.length;
      if (size <= KEPT_BYTES) kept.push(piece);
    }
    const parts = scanner.finish();
    const file = parts.find(({ name, filename }) => name === 'file' && filename !== undefined);
    const purpose = parts.find(({ name }) => name === 'purpose')?.value;
    if (file === undefined || purpose === undefined) return { wrong: 'file and purpose are required.' };
    const content = size <= KEPT_BYTES ? Buffer.concat(kept).subarray(file.start, file.end) : undefined;
    return { json: store(content, file.end - file.start, { filename: file.filename ?? '', purpose }) };
  };

  const contentOf = (file: StoredFile): ObjectAnswer => {
    const content = contents.get(file.id);
    return { bytes: content === undefined ? zeros(file.bytes) : once(content), size: file.bytes };
  };

  const createBatch = async (request: UpstreamRequest): Promise<ObjectAnswer> => {
    const asked = parseJson(await textOf(request));
    if (!isJsonObject(asked)) return { wrong: 'The body is not a JSON object.' };
    const { input_file_id: inputFile, endpoint, completion_window: window, metadata = null } = asked;
    if (typeof inputFile !== 'string' || !files.has(inputFile))
      return { missing: `No such File object: ${inputFile}` };
    if (typeof endpoint !== 'string' || typeof window !== 'string')
      return { wrong: 'endpoint and completion_window are required.' };
    const batch: Batch = {
      id: newId('batch_'),
      inputFile,
      endpoint,
      window,
      metadata,
      createdMs: clock.now(),
    };
    batches.set(batch.id, batch);
    return { json: viewOf(batch) };
  };

  const outputOf = (batch: Batch): string => {
    if (batch.outputFile !== undefined) return batch.outputFile;
    const lines = (contents.get(batch.inputFile)?.toString('utf8') ?? '')
      .split('\n')
      .filter((line) => line !== '');
    const output = lines.map((line) => JSON.stringify(answerTo(parseJson(line), newId))).join('\n');
    const content = Buffer.from(output === '' ? '' : `${output}\n`);
    const { id } = store(content, content.length, {
      filename: `${batch.id}_success.jsonl`,
      purpose: 'batch_output',
    });
    batch.outputFile = id;
    return id;
  };

  const statusOf = ({ createdMs, cancelledMs }: Batch): string => {
    if (cancelledMs !== undefined) return 'cancelled';
    const ageMs = clock.now() - createdMs;
    return ageMs < VALIDATING_MS ? 'validating' : ageMs < BATCH_MS ? 'in_progress' : 'completed';
  };

  const viewOf = (batch: Batch): object => {
    const status = statusOf(batch);
    return {
      id: batch.id,
      object: 'batch',
      endpoint: batch.endpoint,
      errors: null,
      input_file_id: batch.inputFile,
      completion_window: batch.window,
      status,
      output_file_id: status === 'completed' ? outputOf(batch) : null,
      error_file_id: null,
      created_at: seconds(batch.createdMs),
      completed_at: status === 'completed' ? seconds(batch.createdMs + BATCH_MS) : null,
      cancelled_at: batch.cancelledMs === undefined ? null : seconds(batch.cancelledMs),
      metadata: batch.metadata,
    };
  };

  const cancel = (batch: Batch): ObjectAnswer => {
    if (statusOf(batch) === 'completed') return { wrong: `Cannot cancel a batch with status 'completed'.` };
    batch.cancelledMs ??= clock.now();
    return { json: viewOf(batch) };
  };

  return {
    async answer(request, { searchParams }, path) {
      const [, kind, id, action] = path.split('/');
      const route = `${request.method} /${kind}${id === undefined ? '' : '/*'}${action === undefined ? '' : `/${action}`}`;
      const file = files.get(id ?? '');
      const batch = batches.get(id ?? '');
      const missing = {
        missing: `No such ${kind === 'files' ? 'File' : 'Batch'} object: ${id} (${account})`,
      };
      switch (route) {
        case 'POST /files':
          return upload(request);
        case 'GET /files':
          return { json: listOf([...files.values()], searchParams) };
        case 'GET /files/*':
          return file === undefined ? missing : { json: file };
        case 'GET /files/*/content':
          return file === undefined ? missing : contentOf(file);
        case 'DELETE /files/*':
          contents.delete(id ?? '');
          return files.delete(id ?? '') ? { json: { id, object: 'file', deleted: true } } : missing;
        case 'POST /batches':
          return createBatch(request);
        case 'GET /batches':
          return { json: listOf([...batches.values()].map(viewOf), searchParams) };
        case 'GET /batches/*':
          return batch === undefined ? missing : { json: viewOf(batch) };
        case 'POST /batches/*/cancel':
          return batch === undefined ? missing : cancel(batch);
        default:
          return { missing: 'url error, please check url！' };
      }
    },
  };
}

/** As OpenAI's lists: the newest last, a page behind the id in `after`. */
function listOf(all: readonly object[], query: URLSearchParams): object {
  const ids = all.map((each) => ('id' in each ? String(each.id) : ''));
  const from = query.has('after') ? ids.indexOf(query.get('after') ?? '') + 1 : 0;
  const to = from + Number(query.get('limit') ?? 20);
  return {
    object: 'list',
    data: all.slice(from, to),
    first_id: ids[from] ?? null,
    last_id: ids.slice(from, to).at(-1) ?? null,
    has_more: to < all.length,
  };
}

function answerTo(line: unknown, newId: (prefix: string) => string): object {
  const { custom_id = null, body } = isJsonObject(line) ? line : {};
  const model = isJsonObject(body) ? body['model'] : undefined;
  const message = { role: 'assistant', content: `The answer to ${custom_id}.` };
  const completion = {
    id: newId('chatcmpl-'),
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
  const response = { status_code: 200, request_id: newId(''), body: completion };
  return { id: newId('batch_req_'), custom_id, response, error: null };
}

async function textOf(request: UpstreamRequest): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOf(request)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  if (bytes.length > 0) yield bytes;
}

async function* zeros(size: number): AsyncGenerator<Uint8Array, undefined> {
  for (let left = size; left > 0; left -= PIECE.length) yield PIECE.subarray(0, Math.min(left, PIECE.length));
}
