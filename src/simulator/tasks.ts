/**
 * Everything else that the simulator can be asked than chats: which door, how the question is read, and its answer in the
 * words of that door. Quotas, faults and pace are those of every call.
 */

import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { writeSseEvent } from '../base/sse.ts';
import type { Heard, ReplyHead } from '../dialects/dialect.ts';
import { openaiCompletions } from '../dialects/openai-completions/openai-completions.ts';
import { openaiEmbeddings } from '../dialects/tasks/embeddings.ts';
import type { Kin } from '../dialects/tasks/family.ts';
import { geminiBatchEmbeddings, geminiEmbeddings } from '../dialects/tasks/gemini-embeddings.ts';
import { dashscopeRerank, rerank } from '../dialects/tasks/rerank.ts';
import type { ChatEvent, ChatRequest } from '../domain/chat.ts';
import { inputTotal, outputTotal, type Usage } from '../domain/usage.ts';
import type { Answer, AnswerSetting } from './answers.ts';
import { embed, moderate, PICTURE, rank, soundOf } from './task-answers.ts';

/** What a call is read and answered with. */
export type Spoken = Pick<Heard, 'id' | 'readRequest' | 'writeReply' | 'streamWriter'> & {
  /** Of an answer in one piece; JSON where not given. */
  readonly contentType?: string;
  /** Absent: it says something, as a chat does. */
  plan?(request: ChatRequest, setting: AnswerSetting): Answer;
};

/** By the body of one call. */
type Door = (body: Uint8Array, pathname: string) => Spoken;

type Told = { readonly head: ReplyHead; readonly usage: Usage; readonly fields: JsonObject };

type TaskAnswer = {
  readonly id: Spoken['id'];
  /** What is counted of the question. */
  readonly question: string;
  readonly outputTokens?: number;
  readonly streams?: readonly [field: string, value: unknown];
  readonly contentType?: string;
  write(told: Told): object | Buffer;
  /** Its events, the last of them the end. */
  events?(told: Told): readonly object[];
};

function taskDoor({ id, question, contentType, ...task }: TaskAnswer): Door {
  return (body) => {
    const fields = objectIn(body);
    const told = (head: ReplyHead, events: readonly ChatEvent[]): Told => ({
      head,
      fields,
      usage: events.find((event) => event.type === 'usage')?.usage ?? NO_USAGE,
    });
    return {
      id,
      ...(contentType === undefined ? {} : { contentType }),
      readRequest() {
        const [field, value] = task.streams ?? ['stream', undefined];
        const stream = value !== undefined && fields[field] === value;
        return questionOf(fields, { text: textIn(fields[question]), stream });
      },
      plan: (_request, setting) => planned(setting, task.outputTokens ?? 0),
      writeReply(head, events) {
        const written = task.write(told(head, events));
        return Buffer.isBuffer(written) ? written : Buffer.from(JSON.stringify(written));
      },
      streamWriter: (head) => ({
        write: (event) =>
          event.type !== 'usage'
            ? Buffer.alloc(0)
            : Buffer.concat(
                (task.events?.(told(head, [event])) ?? []).map((each) => writeSseEvent(JSON.stringify(each))),
              ),
        end: () => Buffer.alloc(0),
      }),
    };
  };
}

const NO_USAGE: Usage = {
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  source: 'upstream',
};

/** The question as far as quotas are concerned. */
const questionOf = (
  { model }: JsonObject,
  { text, stream = false }: { readonly text: string; readonly stream?: boolean },
): ChatRequest => ({
  model: typeof model === 'string' ? model : '',
  messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
  stream,
  wantsUsage: false,
  maxOutputTokens: 0,
  extra: {},
});

/** All at once, when the pace has come so far. */
function planned({ promptTokens }: AnswerSetting, output: number): Answer {
  const usage: Usage = { ...NO_USAGE, input: promptTokens, output };
  return { steps: [{ events: [{ type: 'usage', usage }], tokens: output }], usage };
}

function kinDoor<Q, A>(kin: Kin<Q, A>, answer: (question: Q) => A, check?: (question: Q) => void): Door {
  return (body, pathname) => {
    const entered = kin.enter?.(body, pathname) ?? body;
    const fields = objectIn(entered);
    return {
      id: kin.id,
      readRequest() {
        kin.readHead(entered);
        check?.(kin.readQuestion(entered).value);
        const { model: _, ...rest } = fields;
        return questionOf(fields, { text: textIn(rest) });
      },
      plan: (_request, setting) => planned(setting, 0),
      writeReply: (head, events) =>
        kin.writeAnswer(answer(kin.readQuestion(entered).value), {
          id: head.id,
          model: head.model,
          usage: events.find((event) => event.type === 'usage')?.usage ?? NO_USAGE,
        }),
      streamWriter: () => ({ write: () => Buffer.alloc(0), end: () => Buffer.alloc(0) }),
    };
  };
}

/** "Only float is supported": https://docs.qwencloud.com/api-reference/text-embedding/openai-embedding */
const embeddings = kinDoor(openaiEmbeddings, embed, ({ base64 }) => {
  if (base64) throw new Error("encoding_format: only 'float' is supported.");
});

const usageOf = ({ usage }: Told): object => ({
  input_tokens: inputTotal(usage),
  output_tokens: outputTotal(usage),
  total_tokens: inputTotal(usage) + outputTotal(usage),
});

/** What a picture of middling quality takes: https://platform.openai.com/docs/guides/image-generation */
const PICTURE_TOKENS = 1_056;

const images = taskDoor({
  id: 'openai-images',
  question: 'prompt',
  outputTokens: PICTURE_TOKENS,
  streams: ['stream', true],
  write: (told) => ({
    created: told.head.created,
    data: Array.from({ length: Number(told.fields['n'] ?? 1) }, () => ({ b64_json: PICTURE })),
    usage: usageOf(told),
  }),
  events: (told) => [
    { type: 'image_generation.partial_image', partial_image_index: 0, b64_json: PICTURE },
    { type: 'image_generation.completed', b64_json: PICTURE, usage: usageOf(told) },
  ],
});

const speech = taskDoor({
  id: 'openai-speech',
  question: 'input',
  outputTokens: 20,
  streams: ['stream_format', 'sse'],
  contentType: 'audio/wav',
  write: ({ fields }) => soundOf(textIn(fields['input'])),
  events(told) {
    const sound = soundOf(textIn(told.fields['input']));
    const half = Math.ceil(sound.length / 2);
    return [
      { type: 'speech.audio.delta', audio: sound.toString('base64', 0, half) },
      { type: 'speech.audio.delta', audio: sound.toString('base64', half) },
      { type: 'speech.audio.done', usage: usageOf(told) },
    ];
  },
});

const moderations = taskDoor({
  id: 'openai-moderations',
  question: 'input',
  write: ({ head, fields: { input } }) => ({
    id: head.id,
    model: head.model,
    results: (Array.isArray(input) ? input : [input]).map((each: unknown) => moderate(textIn(each))),
  }),
});

const heardIn = ({ file }: JsonObject): string =>
  `A sound of ${isJsonObject(file) && typeof file['bytes'] === 'number' ? file['bytes'] : 0} bytes.`;

/** `response_format` text, srt or vtt is no JSON. */
const transcriptions: Door = (body, pathname) => {
  const format = objectIn(body)['response_format'];
  const isText = format === 'text' || format === 'srt' || format === 'vtt';
  return taskDoor({
    id: 'openai-transcriptions',
    question: 'prompt',
    outputTokens: 8,
    streams: ['stream', true],
    ...(isText ? { contentType: 'text/plain; charset=utf-8' } : {}),
    write: (told) =>
      isText
        ? Buffer.from(`${heardIn(told.fields)}\n`)
        : { text: heardIn(told.fields), usage: { type: 'tokens', ...usageOf(told) } },
    events: (told) => [
      { type: 'transcript.text.delta', delta: heardIn(told.fields) },
      { type: 'transcript.text.done', text: heardIn(told.fields), usage: usageOf(told) },
    ],
  })(body, pathname);
};

const DOORS: readonly (readonly [RegExp, Door])[] = [
  [/\/v1\/embeddings$/, embeddings],
  [/\/v1\/reranks?$/, kinDoor(rerank, rank)],
  [/\/services\/rerank\/text-rerank\/text-rerank$/, kinDoor(dashscopeRerank, rank)],
  [/\/models\/[^/]+:embedContent$/, kinDoor(geminiEmbeddings, embed)],
  [/\/models\/[^/]+:batchEmbedContents$/, kinDoor(geminiBatchEmbeddings, embed)],
  [/\/v1\/images\/(?:generations|edits|variations)$/, images],
  [/\/v1\/audio\/(?:transcriptions|translations)$/, transcriptions],
  [/\/v1\/audio\/speech$/, speech],
  [/\/v1\/moderations$/, moderations],
  // Behind the chats, whose path ends in the same word.
  [/(?<!\/chat)\/completions$/, () => openaiCompletions],
];

/** Undefined where it is a chat's door, or none. */
export function taskAt(method: string, pathname: string): Door | undefined {
  return method === 'POST' ? DOORS.find(([path]) => path.test(pathname))?.[1] : undefined;
}

function objectIn(body: Uint8Array): JsonObject {
  const value = parseJson(Buffer.from(body).toString('utf8'));
  return isJsonObject(value) ? value : {};
}

const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
