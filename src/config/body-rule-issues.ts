/**
 * What is wrong with an account's rules for the bodies of its requests: a field that decides where a call goes must not
 * be touched, and two rules must not want different things of one field.
 */

import { UNTOUCHABLE } from '../domain/body-rules.ts';
import type { Issue } from './issue.ts';
import type { Path } from './place.ts';
import type { AccountValues } from './schema.ts';

type Rules = Pick<AccountValues, 'drop' | 'rename' | 'set'>;

export function bodyRuleIssues(path: Path, { drop, rename, set }: Rules): Issue[] {
  const issues: Issue[] = [];
  const wrong = (place: Path, at: Issue['at'], expected: string): void => {
    issues.push({ path: [...path, ...place], at, expected, message: `expected ${expected}` });
  };
  const check = (place: Path, name: string, at: Issue['at']): void => {
    if (UNTOUCHABLE.includes(name)) wrong(place, at, `another field than ${UNTOUCHABLE.join(' or ')}`);
  };
  const checkOwn = (place: Path, name: string, at: Issue['at']): void => {
    check(place, name, at);
    if (/[.[\]]/.test(name)) wrong(place, at, 'a field of the body itself, not one inside another');
  };
  drop.forEach((name, index) => {
    check(['drop', index], name, 'value');
    if (!FIELD.test(name)) wrong(['drop', index], 'value', 'the name of a field, such as messages[].name');
  });
  const targets = new Set<string>();
  for (const [from, to] of Object.entries(rename)) {
    checkOwn(['rename', from], from, 'name');
    checkOwn(['rename', from], to, 'value');
    if (to === from) wrong(['rename', from], 'value', 'another name than the one it has');
    if (targets.has(to)) wrong(['rename', from], 'value', `a name that no other field gets, not '${to}'`);
    if (drop.includes(from)) wrong(['rename', from], 'name', 'a field that is not dropped');
    targets.add(to);
  }
  for (const name of Object.keys(set)) {
    checkOwn(['set', name], name, 'name');
    if (drop.includes(name)) wrong(['set', name], 'name', 'a field that is not dropped');
    if (targets.has(name) || Object.hasOwn(rename, name))
      wrong(['set', name], 'name', 'a field that is not renamed');
  }
  return issues;
}

const FIELD = /^[^\s.[\]]+(?:\[\])?(?:\.[^\s.[\]]+(?:\[\])?)*(?<!\])$/;
