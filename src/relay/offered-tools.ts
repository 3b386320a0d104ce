/**
 * The tools of a request that crosses between dialects, when those of the client's own provider have been left out: an
 * empty list is refused, and so is a choice where there is nothing to choose.
 */

import type { ChatRequest } from '../domain/chat.ts';

/** `dropped` is told of a choice that nothing is left of. */
export function withToolsOffered(request: ChatRequest, dropped: Set<string>): ChatRequest {
  const { tools = [], toolChoice, ...rest } = request;
  const isChosen = toolChoice === 'required' || typeof toolChoice === 'object';
  if (tools.length === 0) {
    if (isChosen) dropped.add('tool_choice');
    const { parallel_tool_calls: _parallel, ...extra } = request.extra;
    return { ...rest, extra };
  }
  if (typeof toolChoice !== 'object' || tools.some(({ name }) => name === toolChoice.name)) return request;
  dropped.add('tool_choice');
  return { ...rest, tools };
}
