/**
 * Requests and tokens per minute, as the vendor's page prints them, in its order: model, Beijing, Singapore, Virginia
 * (the Global deployment; `-us` ids the US one). `-`: no row. `*`: a family. Absent on purpose: qwen3.8-*, whose
 * limits are a soft baseline that moves with spending, and Hong Kong, which the page does not list.
 */
export const QWEN_LIMIT_TABLE = `
  qwen3.7-max                    30k/5M     600/1M     30k/5M
  qwen3.7-max-2026-06-08         600/1M     60/1M      600/1M
  qwen3.7-max-2026-05-20         600/1M     60/1M      600/1M
  qwen3.7-max-preview            60/500k    -          -
  qwen3.7-max-2026-05-17         60/500k    -          -
  qwen3.6-max-preview            600/1M     600/1M     -
  qwen3-max                      30k/5M     600/1M     600/1M
  qwen3-max-2026-01-23           600/1M     600/1M     -
  qwen3-max-2025-09-23           60/100k    60/100k    60/100k
  qwen3-max-preview              600/1M     600/1M     600/1M
  qwen-max                       1200/1M    600/1M     -
  qwen-max-latest                1200/1M    600/1M     -
  qwen-max-2025-01-25            60/100k    60/100k    -
  qwen-max-2024-09-19            60/100k    -          -
  qwen-max-2024-04-28            60/100k    -          -

  qwen3.7-plus                   30k/5M     15k/5M     30k/5M
  qwen3.7-plus-2026-05-26        600/1M     60/1M      600/1M
  qwen3.6-plus                   30k/5M     15k/5M     30k/5M
  qwen3.6-plus-2026-04-02        600/1M     60/1M      600/1M
  qwen3.5-plus                   30k/5M     15k/5M     30k/5M
  qwen3.5-plus-2026-04-20        600/1M     600/1M     -
  qwen3.5-plus-2026-02-15        600/1M     60/1M      600/1M
  qwen-plus                      30k/5M     -          15k/5M
  qwen-plus-latest               15k/1.2M   600/1M     -
  qwen-plus-2025-12-01           120/1M     120/1M     60/1M
  qwen-plus-2025-09-11           60/1M      120/1M     60/1M
  qwen-plus-2025-07-28           60/1M      60/100k    60/1M
  qwen-plus-2025-07-14           60/100k    60/100k    -
  qwen-plus-2025-04-28           60/1M      60/1M      -
  qwen-plus-2025-01-25           60/150k    60/100k    -
  qwen-plus-2025-01-12           60/150k    -          -
  qwen-plus-2024-12-20           60/150k    -          -
  qwen-plus-us                   -          -          600/1M
  qwen-plus-2025-12-01-us        -          -          60/1M

  qwen3.6-flash                  30k/10M    15k/5M     15k/5M
  qwen3.6-flash-2026-04-16       600/1M     60/1M      60/1M
  qwen3.5-flash                  30k/10M    15k/5M     30k/10M
  qwen3.5-flash-2026-02-23       600/1M     60/1M      600/1M
  qwen-flash                     30k/10M    600/5M     15k/10M
  qwen-flash-2025-07-28          60/1M      600/5M     60/1M
  qwen-flash-us                  -          -          600/5M
  qwen-flash-2025-07-28-us       -          -          600/5M
  qwen-turbo                     1200/5M    600/5M     -
  qwen-turbo-latest              1200/5M    600/5M     -
  qwen-turbo-2025-07-15          60/100k    -          -
  qwen-turbo-2025-04-28          60/1M      60/1M      -
  qwen-turbo-2025-02-11          60/5M      -          -
  qwen-turbo-2024-11-01          60/5M      60/5M      -

  qwq-plus                       600/1M     60/100k    -
  qwq-plus-latest                600/1M     -          -
  qwq-plus-2025-03-05            60/100k    -          -
  qwen-long                      1200/3M    -          -
  qwen-long-latest               1200/60k   -          -
  qwen-long-2025-01-25           3/7500     -          -

  qwen3-coder-plus               5000/5M    2400/2M    2400/2M
  qwen3-coder-plus-2025-09-23    60/1M      600/1M     60/1M
  qwen3-coder-plus-2025-07-22    60/1M      60/1M      60/1M
  qwen3-coder-flash              5000/5M    600/5M     1200/1M
  qwen3-coder-flash-2025-07-28   60/1M      600/5M     60/1M
  qwen-coder-plus                1200/1M    -          -
  qwen-coder-plus-latest         1200/1M    -          -
  qwen-coder-plus-2024-11-06     120/200k   -          -
  qwen-coder-turbo               1200/1M    -          -
  qwen-coder-turbo-latest        1200/1M    -          -
  qwen-coder-turbo-2024-09-19    60/100k    -          -
  qwen3-coder-next               600/1M     600/1M     -
  qwen3-coder-480b-a35b-instruct 600/1M     600/1M     600/1M
  qwen3-coder-30b-a3b-instruct   600/1M     600/1M     600/1M

  qwen3-vl-plus                  3000/5M    1200/1M    60/1M
  qwen3-vl-plus-2025-12-19       60/100k    60/100k    60/100k
  qwen3-vl-plus-2025-09-23       60/100k    120/1M     60/100k
  qwen3-vl-flash                 3000/5M    1200/1M    1200/1M
  qwen3-vl-flash-2026-01-22      60/100k    60/100k    60/100k
  qwen3-vl-flash-2025-10-15      60/100k    120/1M     60/100k
  qwen3-vl-flash-us              -          -          1200/1M
  qwen3-vl-flash-2025-10-15-us   -          -          120/1M
  qwen-vl-max                    1200/1M    1200/1M    -
  qwen-vl-max-latest             1200/1M    1200/1M    -
  qwen-vl-max-2025-08-13         60/100k    60/100k    -
  qwen-vl-max-2025-04-08         60/100k    1200/1M    -
  qwen-vl-plus                   1200/1M    1200/1M    -
  qwen-vl-plus-latest            1200/1M    1200/1M    -
  qwen-vl-plus-2025-08-15        60/100k    120/1M     -
  qwen-vl-plus-2025-05-07        60/100k    120/1M     -
  qwen-vl-plus-2025-01-25        60/100k    1200/1M    -
  qvq-max*                       60/100k    60/100k    -
  qvq-*                          60/100k    -          -
  qwen-vl-ocr                    600/6M     -          600/6M
  qwen-vl-ocr-latest             1200/6M    -          -
  qwen-vl-ocr-2025-11-20         1200/6M    -          1200/6M
  qwen3-vl-235b-*                60/100k    60/100k    60/100k
  qwen3-vl-32b-*                 600/1M     60/100k    600/1M
  qwen3-vl-30b-*                 600/1M     60/100k    600/1M
  qwen3-vl-8b-*                  600/1M     60/100k    600/1M

  qwen3-omni-*                   60/100k    60/100k    -
  qwen-omni-*                    60/100k    60/100k    -
  qwen2.5-omni-*                 60/100k    60/100k    -
  qwen-omni-turbo-realtime*      60/10k     60/10k     -
  qwen-mt-plus                   60/25k     60/100k    60/25k
  qwen-mt-flash                  60/35k     60/100k    60/35k
  qwen-mt-turbo                  60/35k     60/100k    -
  qwen-mt-lite                   60/100k    60/100k    60/100k
  qwen-math-plus                 1200/1M    -          -
  qwen-math-plus-latest          1200/1M    -          -
  qwen-math-turbo                1200/1M    -          -
  qwen-math-turbo-latest         1200/1M    -          -
  qwen-doc-turbo                 600/3M     -          -
  qwen-deep-research             120/1.2M   -          -

  qwen3.5-397b-a17b              600/1M     600/1M     -
  qwen3.5-122b-a10b              600/1M     600/5M     -
  qwen3.5-27b                    600/1M     600/5M     -
  qwen3.5-35b-a3b                600/1M     600/5M     -
  qwen3-next-80b-*               600/1M     600/1M     600/1M
  qwen3-235b-*                   600/1M     600/1M     600/1M
  qwen3-30b-a3b-instruct-2507    600/1M     600/5M     600/1M
  qwen3-30b-a3b-thinking-2507    600/1M     600/5M     600/1M
  qwen3-32b                      2400/1M    600/1M     600/1M
  qwen3-30b-a3b                  600/1M     600/1M     600/1M
  qwen3-14b                      600/1M     600/1M     600/1M
  qwen3-8b                       600/1M     600/1M     600/1M
  qwen2.5-72b-instruct           1200/1M    60/150k    -
  qwen2.5-32b-instruct           1200/1M    60/150k    -
  qwen2.5-14b-instruct           1200/1M    60/150k    -
  qwen2.5-7b-instruct            1200/1M    60/150k    -
  qwen2.5-14b-instruct-1m        1200/5M    1200/5M    -
  qwen2.5-7b-instruct-1m         1200/5M    1200/5M    -
  qwen2-72b-instruct             60/150k    -          -
  qwen2-57b-a14b-instruct        60/150k    -          -
  qwen2-7b-instruct              60/150k    -          -

  deepseek-v3.2                  15k/1.2M   -          -
  deepseek-v3.1                  15k/1.2M   -          -
  deepseek-v3                    15k/1.2M   -          -
  deepseek-r1                    15k/1.2M   -          -
  deepseek-r1-0528               60/100k    -          -
  siliconflow/*                  500/500k   -          -
  MiniMax/*                      500/2M     -          -
  kimi-k2.5                      60/100k    -          -
  kimi-k2-thinking               60/100k    -          -
  glm-5                          60/1M      -          -
  glm-4.7                        60/1M      -          -
  glm-4.6                        60/1M      -          -
  glm-4.5                        60/1M      -          -
  MiniMax-M2.5                   60/1M      -          -
  MiniMax-M2.1                   60/100k    -          -
  llama-4-*                      10/20k     -          -

  text-embedding-v1              30rps/1.2M -          -
  text-embedding-v2              30rps/1.2M -          -
  text-embedding-v3              30rps/1.2M 6000/24M   -
  text-embedding-v4              30rps/1.2M -          -
  qwen3-vl-embedding             1200/600k  -          -
  qwen3-rerank                   5400/5000M 5400/5000M -
`;
