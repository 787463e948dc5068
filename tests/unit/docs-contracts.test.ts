/** docs/contracts.md is what others rely on, so it may not fall behind the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { contractLimits } from '../../contracts/lane-limits.ts';
import * as messages from '../../contracts/messages.ts';
import { problems } from '../../contracts/problems.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { laneNames, workflowQueues } from '../../contracts/task-queues.ts';
import { parts } from '../../infrastructure/config.ts';
import { createApiMetrics, createMetrics } from '../../infrastructure/metrics.ts';
import { createApiWorld } from '../api/api-world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Without the padding of its tables. */
const page = readFileSync(`${root}docs/contracts.md`, 'utf8').replaceAll(/ +/gu, ' ');
const sections = new Map(page.split(/^## /mu).map((text) => [text.split('\n')[0], text]));

function section(title: string): string {
  const text = sections.get(title);
  if (text === undefined) throw new Error(`docs/contracts.md has no section "${title}"`);
  return text;
}

const missingFrom = (text: string, names: readonly string[]) => names.filter((name) => !text.includes(`\`${name}\``));

/** Cells of the row whose first cell is exactly this name. */
function rowOf(text: string, name: string): string[] | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`| \`${name}\` |`));
  return line
    ?.split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** Defaults as the page writes them. */
const variables = Object.values(parts).flatMap((part) =>
  Object.entries<object>(part.properties).map(([name, property]) => ({
    name,
    shown: 'default' in property ? `\`${JSON.stringify(property.default).replaceAll('"', '')}\`` : '–',
  })),
);

/** A row is about what its first cell names; one of a message about that message of those workflows. */
const subjectOf = (line: string) => {
  const cells = line.split('|').map((cell) => cell.trim());
  return cells.slice(1, ['update', 'signal', 'query'].includes(cells[2] ?? '') ? 4 : 2).join(' ');
};

it('docs/contracts.md has whole tables, and says nothing twice in one', () => {
  const tables = page.split(/\n(?!\|)/u).map((text) => text.split('\n').filter((line) => line.startsWith('|')));
  const twice = tables.flatMap((lines) => {
    const subjects = lines.map(subjectOf);
    return subjects.filter((subject, index) => subjects.indexOf(subject) !== index);
  });
  expect(twice).toEqual([]);
  const headless = tables.filter(([first, second = '']) => first !== undefined && !/^[\s|-]+$/u.test(second));
  expect(headless).toEqual([]);
});

describe('docs/contracts.md names', () => {
  it.each(variables)('the variable $name with its default', ({ name, shown }) => {
    expect(rowOf(section('Environment'), name)?.[2]).toBe(shown);
  });

  it.each(laneNames)('the limits of lane %s', (lane) => {
    const { perSecond, concurrent, burst, cooldownMs } = contractLimits[lane];
    const cells = rowOf(section('Environment'), `RATE_LIMIT_${lane.toUpperCase()}`);
    expect(cells?.[2]).toBe(`\`${[perSecond, concurrent, burst, cooldownMs].join(',')}\``);
  });

  it('every workflow type and task queue', () => {
    expect(missingFrom(section('Workflows'), Object.values(messages.workflowTypes))).toEqual([]);
    expect(missingFrom(section('Task queues'), [...workflowQueues, ...laneNames])).toEqual([]);
  });

  it('every message, by its kind', () => {
    const defined = Object.values(messages).flatMap((one) =>
      'type' in one && 'name' in one ? [`${one.type} | \`${one.name}\``] : [],
    );
    expect(defined.length).toBeGreaterThan(5);
    expect(defined.filter((row) => !section('Messages').includes(`| ${row} |`))).toEqual([]);
  });

  it('every search attribute', () => {
    const names = Object.values(searchAttributes).map(({ name }) => name);
    expect(missingFrom(section('Search attributes'), names)).toEqual([]);
  });

  it('every route of the API', async () => {
    const { app } = await createApiWorld();
    await app.ready();
    const routes = Object.entries(app.swagger().paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods ?? {}).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(?<name>\w+)\}/gu, ':$<name>')}`,
      ),
    );
    expect(routes.length).toBeGreaterThan(9);
    expect(routes.filter((route) => rowOf(section('HTTP'), route) === undefined)).toEqual([]);
    await app.close();
  });

  it.each(Object.entries(problems))('the problem %s with its status', (code, { status }) => {
    expect(rowOf(section('Errors'), code)?.[1]).toBe(String(status));
  });

  it('every table', () => {
    const sql = readdirSync(`${root}migrations`).map((file) => readFileSync(`${root}migrations/${file}`, 'utf8'));
    const tables = [...sql.join('\n').matchAll(/^create table (?<name>\w+)/gmu)].map(({ groups }) => groups!['name']!);
    expect(tables.length).toBeGreaterThan(10);
    expect(missingFrom(section('Database'), tables)).toEqual([]);
  });

  it('every metric of ours', () => {
    const registries = [createMetrics().registry, createApiMetrics().registry];
    const names = registries.flatMap((registry) => registry.getMetricsAsArray().map(({ name }) => name));
    const ours = names.filter((name) => !/^(process|nodejs)_/u.test(name));
    expect(ours.length).toBeGreaterThan(2);
    expect(missingFrom(section('Metrics'), ours)).toEqual([]);
  });
});
