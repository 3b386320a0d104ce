/** Where in the configuration: a path through mappings and lists, and how people write it. */

export type Path = readonly (string | number)[];

const PLAIN_NAME = /^[\w-]+$/;

/** `accounts[0].models.qwen3-max.limits.rpm`; names with dots are quoted: `models["qwen2.5-max"]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!PLAIN_NAME.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Equal paths have equal keys, whatever their names contain. */
export const pathKey = (path: Path): string => JSON.stringify(path);
