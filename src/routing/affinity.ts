/**
 * Which channel served a conversation last, so that its next call can find the prompt cached there. Bounded: the
 * conversations used longest ago are forgotten. A preference only; whoever asks decides what it is worth.
 */

const CONVERSATIONS = 20_000;

export type Affinity = {
  channelOf(conversation: string, model: string): string | undefined;
  served(conversation: string, model: string, channel: string): void;
};

export function createAffinity(most = CONVERSATIONS): Affinity {
  /** In the order of their last use. */
  const channels = new Map<string, string>();
  const keyOf = (conversation: string, model: string): string => `${model}\n${conversation}`;
  return {
    channelOf: (conversation, model) => channels.get(keyOf(conversation, model)),
    served(conversation, model, channel) {
      const key = keyOf(conversation, model);
      channels.delete(key);
      channels.set(key, channel);
      if (channels.size <= most) return;
      const [oldest] = channels.keys();
      if (oldest !== undefined) channels.delete(oldest);
    },
  };
}
