/** The rules of `promtool check metrics` (client_golang's promlint), so far as names can break them. */

export interface Described {
  name: string;
  help: string;
  type: string;
  labels: readonly string[];
}

const notBase = [
  'minutes', 'hours', 'days', 'weeks', 'kelvins', 'fahrenheit', 'rankine', 'inches', 'yards', 'miles', 'bits', 'calories',
  'pounds', 'ounces',
]; // prettier-ignore
const base = 'amperes|bytes|celsius|grams|joules|kelvin|meters|metres|seconds|volts';
const prefixes = 'pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mebi|giga|gibi|tera|tebi|peta|pebi';
const prefixed = new RegExp(`^(${prefixes})(${base}|${notBase.join('|')})$`);
const abbreviations = new Set(['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']);

/** What is wrong with a metric, in promtool's words. */
export function problemsOf({ name, help, type, labels }: Described): string[] {
  const parts = name.split('_');
  const counter = type === 'counter';
  const total = name.endsWith('_total');
  const rules: [boolean, string][] = [
    [help.trim() === '', 'no help text'],
    [counter && !total, 'counter metrics should have "_total" suffix'],
    [!counter && total, 'non-counter metrics should not have "_total" suffix'],
    [parts.some((part) => notBase.includes(part) || prefixed.test(part)), 'use base unit'],
    [parts.slice(1).some((part) => abbreviations.has(part)), 'metric names should not contain abbreviated units'],
    [parts.slice(1).includes(type), 'metric name should not include type'],
    [name.includes(':'), "metric names should not contain ':'"],
    [[name, ...labels].some((one) => /[a-z][A-Z]/.test(one)), "names should be written in 'snake_case'"],
    [type !== 'histogram' && name.endsWith('_bucket'), 'non-histogram metrics should not have "_bucket" suffix'],
    [!/^(histogram|summary)$/.test(type) && /_(count|sum)$/.test(name), 'reserved suffix'],
    [type !== 'histogram' && labels.includes('le'), 'non-histogram metrics should not have "le" label'],
    [type !== 'summary' && labels.includes('quantile'), 'non-summary metrics should not have "quantile" label'],
  ];
  return rules.filter(([broken]) => broken).map(([, problem]) => `${name}: ${problem}`);
}
