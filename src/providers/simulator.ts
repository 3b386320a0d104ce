/** The simulator inside the process, answering in Model Studio's place: its words and its limits, no network, no secret. */

import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { besideCompatible, QWEN_WAYS } from './qwen.ts';
import { EVERY_TASK } from './task-paths.ts';

/** Never resolved: the app hands these calls to the simulator's own `Fetch`. */
const BASE_URL = 'http://simulator.internal/compatible-mode/v1';

export const simulator: Provider = createOpenAICompatible({
  ...QWEN_WAYS,
  id: 'simulator',
  name: 'Simulator',
  // Images, speech and moderation too, which Model Studio has in no such form: for trying.
  speaksToo: { ...EVERY_TASK, ...besideCompatible(/^http:\/\/simulator\.internal$/) },
  baseUrl: { singapore: BASE_URL, beijing: BASE_URL, global: BASE_URL },
});
