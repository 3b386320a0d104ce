import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DiagnoseDoors, diagnoseCommand } from './diagnose.ts';

const NOW_MS = Date.UTC(2026, 9, 1);
const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const BODY = JSON.stringify({
  error: { message: QUOTA, type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
});

async function run(args: string[], setting: { piped?: string; files?: Record<string, string> } = {}) {
  let out = '';
  let errors = '';
  let code = 0;
  const doors: DiagnoseDoors = {
    readFile: (path, limitBytes) => {
      const text = setting.files?.[path];
      if (text === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
      return Buffer.from(text).subarray(0, limitBytes);
    },
    readPipe: async (limitBytes) =>
      setting.piped === undefined ? undefined : Buffer.from(setting.piped).subarray(0, limitBytes),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      errors += text;
    },
    setExitCode: (value) => {
      code = value;
    },
    nowMs: () => NOW_MS,
    width: 80,
    color: false,
    timeZone: 'Asia/Shanghai',
  };
  await diagnoseCommand(doors).exitOverride().parseAsync(args, { from: 'user' });
  return { out, errors, code };
}

const kindsOf = (out: string): string[] =>
  [...out.matchAll(/^ {2}kind +(\w+)$/gm)].map(([, kind = '']) => kind);

describe('sluice diagnose', () => {
  it('reads an argument, a file and the pipe alike', async () => {
    const asArgument = await run([BODY, '--provider', 'qwen']);
    assert.equal(asArgument.code, 0);
    assert.deepEqual(kindsOf(asArgument.out), ['tpm']);
    const asFile = await run(['--file', 'a.json', '-p', 'qwen'], { files: { 'a.json': BODY } });
    const asPipe = await run(['-p', 'qwen'], { piped: `\uFEFF${BODY}\n` });
    const asPipeNamed = await run(['-f', '-', '-p', 'qwen'], { piped: BODY });
    for (const { out } of [asFile, asPipe, asPipeNamed]) assert.equal(out, asArgument.out);
  });

  it('tells the window of a coding plan from a minute, and whose words they are', async () => {
    const { out } = await run(['week allocated quota exceeded']);
    assert.deepEqual(kindsOf(out), ['plan']);
    assert.match(out.replace(/\s+/g, ' '), /read as Alibaba Cloud Model Studio means it/);
  });

  it('says what it means, whose limit it was, when it passes, what is done and what to do', async () => {
    const { out } = await run([BODY, '--provider', 'qwen', '--status', '429']);
    assert.match(out, /^Tokens per minute are used up\.\n/);
    assert.match(out, /read +an error body, HTTP 429, code insufficient_quota/);
    assert.match(out, /provider +Alibaba Cloud Model Studio, as you said/);
    assert.match(out, /whose +the channel: this model in this account/);
    assert.match(out, /passes +within a minute/);
    assert.match(out, /told by +its code, high confidence\n/);
    assert.match(out, /What Sluice does\n {2}- The call goes back in line/);
    assert.match(
      out,
      /What you can do\n {2}for good +One relay[\s\S]*not critical +Fall back[\s\S]*限流提额/,
    );
  });

  it('shows both readings where two providers mean different things by the same words', async () => {
    const { out, code } = await run([BODY]);
    assert.equal(code, 0);
    assert.deepEqual(kindsOf(out), ['tpm', 'balance']);
    assert.match(out, /^At Alibaba Cloud Model Studio: Tokens per minute/);
    assert.match(out, /^But at OpenAI: The account is in arrears/m);
    assert.match(out, /name yours with\s+--provider/);
  });

  it('says why it takes an answer for a provider’s', async () => {
    const body = BODY.replace(/\}$/, ',"request_id":"57553be3-dea8-49f1-ba1e-7a820c152999"}');
    const { out } = await run([body]);
    assert.deepEqual(kindsOf(out), ['tpm']);
    assert.match(out.replace(/\s+/g, ' '), /Model Studio, guessed: a `request_id` stands in the body/);
  });

  it('reads an SDK’s message with Python’s quotes', async () => {
    const line = `2026-10-01 ERROR openai.RateLimitError: Error code: 429 - {'error': {'message': "It's ${QUOTA}", 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}`;
    const { out } = await run([line, '-p', 'openai']);
    assert.deepEqual(kindsOf(out), ['balance']);
    assert.match(
      out,
      /read +a line of a log, HTTP 429, code insufficient_quota\n {2}says +"It's You exceeded/,
    );
  });

  it('reads an event of a stream with its status in a comment', async () => {
    const piped = `id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{}}\n\nid:2\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling.BurstRate","message":"Request rate increased too quickly."}\n\n`;
    const { out } = await run([], { piped });
    assert.deepEqual(kindsOf(out), ['burst']);
    assert.match(out, /read +an event of a stream, HTTP 429, code Throttling\.BurstRate/);
  });

  it('counts a hint from the date of the answer, and tells local time and UTC', async () => {
    const head = 'HTTP/1.1 429 Too Many Requests\r\nretry-after: 1849295\r\n';
    const body = BODY.replace(QUOTA, 'Allocated quota exceeded.');
    const { out } = await run(['-p', 'qwen'], {
      piped: `${head}date: Wed, 30 Sep 2026 12:00:00 GMT\r\n\r\n${body}`,
    });
    assert.deepEqual(kindsOf(out), ['plan']);
    assert.match(
      out.replace(/\s+/g, ' '),
      /passes at 2026-10-22 05:41 Asia\/Shanghai \(2026-10-21 21:41 UTC\), in 20 days 21 h/,
    );
    const late = await run(['-p', 'openai'], {
      piped: `HTTP/1.1 429\ndate: Wed, 30 Sep 2026 12:00:00 GMT\nretry-after: 20\n\n{"error":{"code":"rate_limit_exceeded"}}`,
    });
    assert.match(late.out, /passes +it has passed, at 2026-09-30 20:00/);
  });

  it('takes the verdicts of Sluice’s own log as they are, as JSON and as a terminal shows them', async () => {
    const attempts = ['a/m', 'b/m'].map((channel) => ({
      channel,
      failure: 'tpm',
      status: 429,
      detail: 'qwen: tokens per minute are used up (429 insufficient_quota)',
    }));
    const fields = { call: 'req_1', model: 'm', status: 503, end: 'failed', failure: 'wait_over', attempts };
    const pretty = Object.entries(fields).map(([name, value]) =>
      typeof value === 'object' ? `${name}=${JSON.stringify(value)}` : `${name}=${value}`,
    );
    for (const line of [
      JSON.stringify({ level: 'warn', msg: 'call', ...fields }),
      `\x1b[2m12:00:00\x1b[22m warn  call ${pretty.join(' ')}`,
    ]) {
      const { out, code } = await run([line]);
      assert.equal(code, 0);
      assert.match(out, /^Call req_1 \(m\): failed, HTTP 503 after 2 attempts; tpm 2 times on a\/m, b\/m;/);
      assert.deepEqual(kindsOf(out), ['tpm', 'wait_over']);
    }
  });

  it('counts what a long log repeats', async () => {
    const line = (call: number): string =>
      `{"call":"req_${call}","model":"m","end":"complete","attempts":[{"channel":"a/m","failure":"rpm"},{"channel":"b/m"}]}`;
    const { out } = await run([], { piped: Array.from({ length: 25 }, (_, call) => line(call)).join('\n') });
    assert.deepEqual(kindsOf(out), ['rpm']);
    assert.equal(out.match(/^Call req_/gm)?.length, 10);
    assert.match(out, /^15 more calls are counted below, not listed\.$/m);
    assert.match(out, /read +Sluice's log, 25 times/);
  });

  it('prints the same as JSON', async () => {
    const { out, code } = await run(['--json', '-p', 'qwen', BODY]);
    assert.equal(code, 0);
    const { findings, ...rest } = JSON.parse(out);
    assert.deepEqual(rest, { truncated: false, recognised: true, calls: [], callsLeft: 0, left: 0 });
    const [{ readings, ...finding }] = findings;
    assert.deepEqual(finding, {
      form: 'body',
      count: 1,
      code: 'insufficient_quota',
      message: QUOTA,
      provider: { by: 'given', why: '--provider' },
      unknownTo: [],
    });
    const { advice, sluice, whose, whichLimit, ...verdict } = readings[0].verdict;
    assert.deepEqual(verdict, {
      kind: 'tpm',
      meaning: 'Tokens per minute are used up.',
      scope: 'channel',
      limit: 'tpm',
      passes: 'within a minute',
      toldBy: 'its code',
      client: { status: 503, type: 'server_error', code: 'upstream_busy', retry: true },
      ...(verdict.confidence === undefined ? {} : { confidence: verdict.confidence }),
    });
    assert.ok(advice.length > 3 && sluice.length === 3 && whose !== '' && whichLimit !== '');
  });

  it('never prints a secret, nor what a terminal would obey', async () => {
    const secrets = [
      'sk-0123456789abcdef0123',
      'abcdefgh.IJKLMNOP',
      '0123456789abcdef0123456789abcdef.AbCdEfGh1234',
    ];
    const message = `Incorrect API key provided: ${secrets.join(' ')} at 10.1.2.3 \\u001b[2J`;
    const piped = `> POST / HTTP/1.1\n> Authorization: Bearer ${secrets[1]}\n>\n< HTTP/1.1 401 Unauthorized\n<\n{"error":{"message":"${message}","code":"invalid_api_key"}}`;
    for (const args of [[], ['--json'], ['-p', 'openai']]) {
      const { out, code } = await run(args, { piped });
      assert.equal(code, 0);
      assert.match(out, /Incorrect API key provided: \[redacted\]/);
      for (const secret of [...secrets, '10.1.2.3', '\x1b', '\\u001b'])
        assert.ok(!out.includes(secret), secret);
    }
  });

  it('ends with 1 when nothing is recognised, and says so', async () => {
    const prose = await run(['hello', 'world']);
    assert.deepEqual([prose.code, prose.out], [1, '']);
    assert.match(prose.errors, /nothing in it looks like an error/);
    const served = await run(['HTTP/2 200\ncontent-type: application/json\n\n{"choices":[]}']);
    assert.deepEqual([served.code, served.out], [1, '']);
    assert.match(served.errors, /the answer is a 200, and nothing in it is an error/);
    const unknown = await run(['429 Too Many Requests']);
    assert.equal(unknown.code, 1);
    assert.deepEqual(kindsOf(unknown.out), ['unknown']);
    const smooth = await run(['{"call":"req_1","model":"m","end":"complete","status":200}']);
    assert.equal(smooth.code, 1);
    assert.match(smooth.out, /nothing failed/);
  });

  it('ends with 2 for wrong usage, and says what is wrong', async () => {
    const wrong = async (args: string[], piped?: string): Promise<string> => {
      const { code, out, errors } = await run(args, piped === undefined ? {} : { piped });
      assert.deepEqual([code, out], [2, '']);
      return errors;
    };
    assert.match(await wrong([]), /there is nothing to diagnose: give a text/);
    assert.match(await wrong([], ' \n'), /the input is empty/);
    assert.match(await wrong(['-f', 'gone.txt']), /^gone\.txt cannot be read: there is no such file\n$/);
    assert.match(await wrong([BODY, '-p', 'qwne']), /unknown provider 'qwne': did you mean 'qwen'\?/);
    assert.match(await wrong([BODY, '-p', 'zzz']), /known are qwen, openai/);
    assert.match(await wrong([BODY, '-s', '200']), /--status 200: expected the HTTP status of an error/);
    assert.match(await wrong([BODY, '-f', 'a']), /either a text or --file/);
  });

  it('reads the first MB and says so', async () => {
    const piped = `${BODY}\n${'x'.repeat(2 * 1024 * 1024)}`;
    const { out, errors } = await run(['-p', 'qwen'], { piped });
    assert.deepEqual(kindsOf(out), ['tpm']);
    assert.match(errors, /only the first MB was read/);
    assert.equal(JSON.parse((await run(['--json', '-p', 'qwen'], { piped })).out).truncated, true);
  });
});
