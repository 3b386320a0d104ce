/** StepFun. */

import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const stepfun: Provider = createOpenAICompatible({
  id: 'stepfun',
  name: 'StepFun',
  variables: ['STEPFUN_API_KEY', 'STEP_API_KEY'],
  baseUrl: {
    international: 'https://api.stepfun.ai/v1',
    china: 'https://api.stepfun.com/v1',
    'step-plan': 'https://api.stepfun.ai/step_plan/v1',
  },
  rules: [[{ status: 451 }, 'content_refused', { confidence: 'high' }]],
  models: ['step-5-preview', 'step-3.7-flash', 'step-3.5-flash', 'step-3.5-flash-2603'],
  quirks: [
    {
      what: 'Refused content is answered with 451: it is the client’s to mend, and not tried elsewhere.',
      source: 'https://platform.stepfun.ai/docs/en/api-reference/error-codes.md',
    },
  ],
  sources: [
    'https://platform.stepfun.ai/docs/en/api-reference/chat/chat-completion-create.md',
    'https://platform.stepfun.ai/docs/en/step-plan/overview.md',
    'https://platform.stepfun.ai/docs/en/api-reference/error-codes.md',
  ],
});
