/**
 * The agents that are driven: where each comes from, how it is told of a base URL, and how it is asked one thing without
 * a person. What they demand beside that is in `docs/clients.md`; running and judging them is left to others.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Model } from './relay.ts';

export type Setting = {
  /** Of the relay, without a path. */
  readonly url: string;
  readonly key: string;
  readonly model: Model;
  readonly prompt: string;
  /** Its own home, empty at first. */
  readonly home: string;
};

export type Command = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };

export type Way = {
  /** The dialect that it speaks in this way. */
  readonly wire: string;
  /** The models that it is asked with. */
  readonly models: readonly Model[];
  command(setting: Setting): Command;
};

export type Agent = {
  readonly id: string;
  readonly package: string;
  /** In `node_modules/.bin`. */
  readonly bin: string;
  readonly ways: readonly Way[];
};

const EVERY = ['qwen3-max', 'claude-sonnet-4-5', 'qwen3.5-plus', 'gpt-5.5'] as const;

/** A settings file in the agent's home. */
function settle({ home }: Setting, path: string, content: string): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const copilot = (wire: string, type: string, api: string, base: string): Way => ({
  wire,
  models: EVERY,
  command: ({ url, key, model, prompt }) => ({
    args: ['-p', prompt, '--allow-all-tools', '--no-color'],
    env: {
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
      COPILOT_ALLOW_ALL: 'true',
      COPILOT_PROVIDER_BASE_URL: url + base,
      COPILOT_PROVIDER_API_KEY: key,
      COPILOT_PROVIDER_TYPE: type,
      COPILOT_PROVIDER_WIRE_API: api,
      COPILOT_MODEL: model,
    },
  }),
});

const withEnv = (way: Way, more: Command['env']): Way => ({
  ...way,
  wire: `${way.wire}, WebSocket first`,
  command(setting) {
    const { args, env } = way.command(setting);
    return { args, env: { ...env, ...more } };
  },
});

const qwenCode = (wire: string, type: string, envOf: (setting: Setting) => Command['env']): Way => ({
  wire,
  models: EVERY,
  command: (setting) => ({
    args: ['-p', setting.prompt, '--yolo', '--auth-type', type, '--model', setting.model],
    env: { QWEN_TELEMETRY_ENABLED: 'false', ...envOf(setting) },
  }),
});

const opencodeSettings = ({ url, model }: Setting): string =>
  JSON.stringify({
    $schema: 'https://opencode.ai/config.json',
    autoupdate: false,
    share: 'disabled',
    provider: {
      sluice: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Sluice',
        options: { baseURL: `${url}/v1`, apiKey: '{env:SLUICE_KEY}' },
        models: { [model]: { name: model, tool_call: true } },
      },
    },
  });

const codexSettings = ({ url, model }: Setting): string => `model = "${model}"
model_provider = "sluice"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.sluice]
name = "Sluice"
base_url = "${url}/v1"
env_key = "SLUICE_KEY"
wire_api = "responses"
`;

const continueSettings = ({ url, key, model }: Setting): string => `name: sluice
version: 1.0.0
schema: v1
models:
  - name: ${model}
    provider: openai
    model: ${model}
    apiBase: ${url}/v1
    apiKey: ${key}
    roles: [chat]
    capabilities: [tool_use]
`;

const pi = (wire: string, api: string, base: string): Way => ({
  wire,
  models: EVERY,
  command(setting) {
    const { url, model, prompt } = setting;
    const sluice = { baseUrl: url + base, api, apiKey: 'SLUICE_KEY', models: [{ id: model }] };
    settle(setting, '.pi/agent/models.json', JSON.stringify({ providers: { sluice } }));
    return {
      args: ['-p', '--provider', 'sluice', '--model', model, prompt],
      env: { SLUICE_KEY: setting.key, PI_OFFLINE: '1' },
    };
  },
});

const GEMINI_SETTINGS = JSON.stringify({
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { disableAutoUpdate: true, disableUpdateNag: true },
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
});

export const AGENTS: readonly Agent[] = [
  {
    id: 'copilot',
    package: '@github/copilot',
    bin: 'copilot',
    ways: [
      copilot('openai-chat', 'openai', 'completions', '/v1'),
      copilot('openai-responses', 'openai', 'responses', '/v1'),
      copilot('anthropic-messages', 'anthropic', 'completions', ''),
      // Sluice answers 426 at once, and the agent goes on over HTTP.
      withEnv(copilot('openai-responses', 'openai', 'responses', '/v1'), {
        COPILOT_PROVIDER_TRANSPORT: 'websockets',
      }),
    ],
  },
  {
    id: 'claude-code',
    package: '@anthropic-ai/claude-code',
    bin: 'claude',
    ways: [
      {
        wire: 'anthropic-messages',
        models: EVERY,
        command: ({ url, key, model, prompt }) => ({
          args: ['-p', prompt, '--permission-mode', 'bypassPermissions', '--output-format', 'json'],
          env: {
            ANTHROPIC_BASE_URL: url,
            ANTHROPIC_AUTH_TOKEN: key,
            ANTHROPIC_MODEL: model,
            ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
            IS_SANDBOX: '1',
          },
        }),
      },
    ],
  },
  {
    id: 'codex',
    package: '@openai/codex',
    bin: 'codex',
    ways: [
      {
        wire: 'openai-responses',
        models: [...EVERY, 'gpt-6.1-sol'],
        command(setting) {
          settle(setting, '.codex/config.toml', codexSettings(setting));
          return {
            args: [
              'exec',
              '--skip-git-repo-check',
              '--dangerously-bypass-approvals-and-sandbox',
              setting.prompt,
            ],
            env: { SLUICE_KEY: setting.key },
          };
        },
      },
    ],
  },
  {
    id: 'qwen-code',
    package: '@qwen-code/qwen-code',
    bin: 'qwen',
    ways: [
      qwenCode('openai-chat', 'openai', ({ url, key, model }) => ({
        OPENAI_API_KEY: key,
        OPENAI_BASE_URL: `${url}/v1`,
        OPENAI_MODEL: model,
      })),
      qwenCode('anthropic-messages', 'anthropic', ({ url, key, model }) => ({
        ANTHROPIC_API_KEY: key,
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_MODEL: model,
      })),
    ],
  },
  {
    id: 'opencode',
    package: 'opencode-ai',
    bin: 'opencode',
    ways: [
      {
        wire: 'openai-chat',
        models: EVERY,
        command(setting) {
          settle(setting, '.config/opencode/opencode.json', opencodeSettings(setting));
          return {
            args: ['run', setting.prompt, '--model', `sluice/${setting.model}`],
            env: {
              SLUICE_KEY: setting.key,
              OPENCODE_DISABLE_AUTOUPDATE: '1',
              OPENCODE_DISABLE_MODELS_FETCH: '1',
            },
          };
        },
      },
    ],
  },
  {
    id: 'gemini-cli',
    package: '@google/gemini-cli',
    bin: 'gemini',
    ways: [
      {
        wire: 'gemini',
        models: EVERY,
        command(setting) {
          settle(setting, '.gemini/settings.json', GEMINI_SETTINGS);
          return {
            args: ['-p', setting.prompt, '--yolo', '-m', setting.model],
            env: {
              GEMINI_API_KEY: setting.key,
              GOOGLE_GEMINI_BASE_URL: setting.url,
              GEMINI_CLI_TRUST_WORKSPACE: 'true',
            },
          };
        },
      },
    ],
  },
  {
    id: 'continue',
    package: '@continuedev/cli',
    bin: 'cn',
    ways: [
      {
        wire: 'openai-chat',
        models: EVERY,
        command(setting) {
          const config = settle(setting, 'config.yaml', continueSettings(setting));
          return {
            args: ['-p', setting.prompt, '--config', config, '--auto'],
            env: { CONTINUE_CLI_ENABLE_TELEMETRY: '0', CONTINUE_GLOBAL_DIR: join(setting.home, '.continue') },
          };
        },
      },
    ],
  },
  {
    id: 'pi',
    package: '@mariozechner/pi-coding-agent',
    bin: 'pi',
    ways: [
      pi('openai-chat', 'openai-completions', '/v1'),
      pi('openai-responses', 'openai-responses', '/v1'),
      pi('anthropic-messages', 'anthropic-messages', ''),
      pi('gemini', 'google-generative-ai', '/v1beta'),
    ],
  },
];
