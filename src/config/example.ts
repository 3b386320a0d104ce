/**
 * A whole `sluice.yaml` with comments: printed at the end of `docs/configuration.md` and read by a test, so that it
 * always holds.
 */

export const EXAMPLE = `# yaml-language-server: $schema=./docs/config.schema.json
server:
  host: 0.0.0.0
  port: \${PORT:-4290}             # a variable with a default
  drain: 300s                     # time open streams get at SIGTERM

accounts:
  - id: qwen-a                    # your name for it; its channels are qwen-a/qwen3-max …
    provider: qwen
    region: singapore
    secrets: ["\${DASHSCOPE_API_KEY}"]
    models:
      qwen3-max:
        limits: { rpm: 600, tpm: 1000000 }   # wins over the published limits
      qwen-plus: {}               # the published limits of the region

  - id: qwen-b                    # a second owner of quota: the limits add up
    provider: qwen
    region: singapore
    secrets: ["\${file:/run/secrets/dashscope-b}"]
    weight: 2
    models: [qwen3-max, qwen-plus]

  - id: house                     # a server of your own
    provider: openai-compatible
    base_url: http://127.0.0.1:9100/v1
    tier: 1                       # only when tier 0 is full
    limits: { concurrency: 8 }
    models:
      Qwen/Qwen3-32B: { name: qwen-plus }    # offered as qwen-plus too

models:
  qwen3-max:
    strategy: earliest-start
    fallbacks: [qwen-plus]        # when no channel of qwen3-max is free in time
    fallback_after: 20s           # or when it would take longer than this, and qwen-plus is quicker

keys:
  - { id: web, key: "\${SLUICE_KEY}" }
  - id: batch
    key: \${SLUICE_BATCH_KEY}
    limits: { rpm: 120, concurrency: 4 }
    priority: batch               # after everybody else in a line
    models: [qwen-plus]
    fallback: false

queue:
  max_wait: 50s                   # below the read timeout of most clients
  max_wait_stream: 300s

alerts:
  webhooks:                       # posted to when an account is switched off, and the like
    - { url: "https://ops.example.com/sluice", secret: "\${SLUICE_WEBHOOK_SECRET}" }

log: { level: info, format: json }
`;
