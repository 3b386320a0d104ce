/**
 * `sluice alerts test`: sends a test message to every configured webhook, as the running relay would send an alert,
 * and tells how each answered. Of an address only the host is shown.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import { testMessage } from '../telemetry/alerts.ts';
import { shownUrl, type Tried, type Webhook, type WebhookMessage } from '../telemetry/webhook.ts';

export type AlertsDoors = {
  /** Throws on a wrong configuration. */
  webhooksOf(config: string | undefined): readonly Webhook[];
  /** One try. Never throws. */
  send(webhook: Webhook, message: WebhookMessage): Promise<Tried>;
  nowMs(): number;
  write(text: string): void;
  setExitCode(code: number): void;
};

export function alertsCommand(doors: AlertsDoors): Command {
  const test = new Command('test')
    .description('send a test alert to every configured webhook')
    .option('-c, --config <file>', 'configuration file (default: sluice.yaml, if there is one)')
    .action((flags: { readonly config?: string }) => testWebhooks(flags.config, doors));
  return new Command('alerts').description('what an operator is told without asking').addCommand(test);
}

async function testWebhooks(config: string | undefined, doors: AlertsDoors): Promise<void> {
  const webhooks = doors.webhooksOf(config);
  if (webhooks.length === 0)
    throw new Error('no webhook is configured: alerts.webhooks in sluice.yaml names them');
  const message = testMessage(doors.nowMs());
  const tries = await Promise.all(
    webhooks.map(async (webhook) => ({ webhook, tried: await doors.send(webhook, message) })),
  );
  tries.forEach(({ webhook, tried }, index) => {
    doors.write(`${lineOf(index + 1, webhook, tried)}\n`);
  });
  if (tries.some(({ tried }) => tried.outcome !== 'delivered')) doors.setExitCode(1);
}

const WORDS: Readonly<Record<Tried['outcome'], string>> = {
  delivered: '',
  refused: ', expected 2xx (redirects are not followed)',
  gone: ': the receiver wants no more',
  unreachable: ': no answer',
};

function lineOf(number: number, { url }: Webhook, { outcome, detail, ms }: Tried): string {
  const mark = outcome === 'delivered' ? pc.green('ok    ') : pc.red('FAILED');
  return `${mark}  webhook ${number}  ${shownUrl(url)}  ${Math.round(ms)} ms  ${detail}${WORDS[outcome]}`;
}
