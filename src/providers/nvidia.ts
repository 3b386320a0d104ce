/** NVIDIA's NIM: the hosted catalogue, or a container of one's own by its address. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const nvidia: Provider = createOpenAICompatible({
  id: 'nvidia',
  name: 'NVIDIA NIM',
  variables: ['NVIDIA_API_KEY', 'NVIDIA_NIM_API_KEY'],
  baseUrl: 'https://integrate.api.nvidia.com/v1',
  addressForms: ['http://127.0.0.1:8000/v1'],
  rules: OPENAI_RULES,
  models: ['nvidia/nemotron-3-ultra-550b-a55b', 'nvidia/nemotron-3-super-120b-a12b', 'openai/gpt-oss-120b'],
  sources: ['https://docs.api.nvidia.com/nim/reference/llm-apis'],
});
