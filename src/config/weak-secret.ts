/**
 * Whether a secret that guards the whole house (the master key, the admin key) could be guessed: too short, a default that
 * everybody knows, a pattern. What is meant is a text that a machine drew; a sentence is weak by its words, however long.
 */

/** A shorter one could be guessed. */
export const STRONG_LENGTH = 16;
/** Of 16 random hexadecimal digits, one in a hundred thousand has fewer. */
const LEAST_DIFFERENT = 6;
/** What has to be left when all that anybody could think of is taken away. */
const LEAST_LEFT = 8;

const ADVICE = 'openssl rand -base64 32 makes a good one';

/** Of defaults, examples and compose files; the long ones first, so that no part of one is left over. */
const WORDS =
  /administrator|authentication|supersecret|correct|production|development|placeholder|credentials?|passphrase|mypassword|changethis|changeit|changeme|qwertyuiop|asdfghjkl|encryption|password|passw0rd|p@ssw0rd|internal|replace|example|letmein|testing|default|welcome|generate|dashboard|litellm|battery|staple|simulated|relay|passwd|private|qwerty|zxcvbnm|access|dragon|monkey|master|secret|sluice|string|please|change|strong|sample|random|insert|openai|horse|admin|token|dummy|local|owner|value|hello|world|value|login|test|demo|user|root|pass|here|your|this|prod|key|dev/gi;
/** Too short to be looked for inside a drawn text: only where they stand alone. */
const LONE_WORDS =
  /(?<![a-z0-9])(?:a|an|me|my|to|is|it|in|at|of|on|or|no|not|the|for|sk|pk|api|new|env|set|ai)(?![a-z0-9])/gi;

/** Why the secret is weak, as the end of "… is too easily guessed: "; undefined: it is not. Never shows any of it. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < STRONG_LENGTH) return `it has fewer than ${STRONG_LENGTH} characters`;
  if (new Set(secret).size < LEAST_DIFFERENT) return 'it is made of a few characters alone';
  if (periodOf(secret) < STRONG_LENGTH / 2) return 'it repeats itself';
  const left = withoutRuns(secret.replace(WORDS, ' ').replace(LONE_WORDS, ' ')).replace(/[\W_]/g, '');
  if (left.length < LEAST_LEFT || new Set(left).size < LEAST_DIFFERENT - 1)
    return 'it is made of well-known words and sequences';
  return undefined;
}

/** Throws, without the secret, where it is weak. `name`: the variable that it stands in. */
export function requireStrong(name: string, secret: string): void {
  const weakness = weaknessOf(secret);
  if (weakness !== undefined)
    throw new Error(`${name} is too easily guessed: ${weakness}; set another one (${ADVICE})`);
}

/** After how many characters it begins anew; its length where it does not. */
function periodOf(text: string): number {
  for (let length = 1; length <= text.length / 2; length++)
    if (text.slice(length) === text.slice(0, -length)) return length;
  return text.length;
}

const LONGEST_STEP = 1;
const SHORTEST_RUN = 3;

/** Without 1234, dcba, 0000: neighbours that each differ from the last by the same one step, or by none. */
function withoutRuns(text: string): string {
  let left = '';
  for (let start = 0; start < text.length; ) {
    const step = text.charCodeAt(start + 1) - text.charCodeAt(start);
    let end = start + 1;
    if (Math.abs(step) <= LONGEST_STEP)
      while (text.charCodeAt(end) - text.charCodeAt(end - 1) === step) end++;
    if (end - start < SHORTEST_RUN) {
      left += text.slice(start, start + 1);
      start += 1;
    } else start = end;
  }
  return left;
}
