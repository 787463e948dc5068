/** A live list of steps: redrawn in place on a terminal, one line per change elsewhere. */
export type StepState = 'waiting' | 'running' | 'done' | 'failed';

export interface Screen {
  write(text: string): void;
  /** Redraw in place; otherwise one line is written per change. */
  live: boolean;
  /** Width of the terminal. */
  columns(): number;
  /** The list that is being shown. */
  steps?: Steps | undefined;
}

export interface Steps {
  /** A step that nobody has heard of is added to the list. `note` replaces what stands behind the label. */
  set(name: string, state: StepState, note?: string): void;
  /** A line above the list that stays. */
  say(text: string): void;
  /** Leaves the list as it is now; what comes after is written below, and later changes are not shown. */
  close(): void;
}

interface Step {
  name: string;
  label: string;
  state: StepState;
  note: string;
  startedAt: number | undefined;
  seconds: number | undefined;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const redrawMs = 100;

/** `stream` is `process.stdout` or `process.stderr`. */
export function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    write: (text) => void stream.write(text),
    live: stream.isTTY && process.env['TERM'] !== 'dumb',
    columns: () => stream.columns || 80,
  };
}

/** `steps` are shown as waiting from the start, in this order; labels are what a person reads behind the name. */
export function createSteps(screen: Screen, steps: Readonly<Record<string, string>> = {}, now = Date.now): Steps {
  const list: Step[] = Object.entries(steps).map(([name, label]) => fresh(name, label));
  let drawn = 0;
  let turn = 0;
  let closed = false;

  const draw = (): void => {
    const width = Math.max(12, ...list.map(({ name }) => name.length));
    const lines = list.map((step) => clip(lineOf(step, { width, turn, now: now() }), screen.columns()));
    screen.write(`${back(drawn)}${lines.map((line) => `${line}\u001b[K\n`).join('')}`);
    drawn = lines.length;
  };
  const timer = screen.live
    ? setInterval(() => {
        turn += 1;
        draw();
      }, redrawMs).unref()
    : undefined;
  if (screen.live) draw();

  const shown: Steps = {
    set(name, state, note) {
      if (closed) return;
      let step = list.find((one) => one.name === name);
      if (!step) list.push((step = fresh(name, '')));
      const changed = step.state !== state || (note !== undefined && note !== step.note);
      advance(step, state, note, now());
      if (screen.live) draw();
      else if (changed) screen.write(`${plainLine(step)}\n`);
    },
    say(text) {
      if (!screen.live) return screen.write(`${text}\n`);
      screen.write(`${back(drawn)}${text}\u001b[K\n`);
      drawn = 0;
      draw();
    },
    close() {
      closed = true;
      clearInterval(timer);
      if (screen.steps === shown) screen.steps = undefined;
    },
  };
  screen.steps = shown;
  return shown;
}

/** Above the list, where one is shown. */
export function say(screen: Screen, text: string): void {
  if (screen.steps) screen.steps.say(text);
  else screen.write(`${text}\n`);
}

const fresh = (name: string, label: string): Step => ({
  name, label, state: 'waiting', note: '', startedAt: undefined, seconds: undefined,
}); // prettier-ignore

function advance(step: Step, state: StepState, note: string | undefined, now: number): void {
  if (state === 'running' && step.state !== 'running') {
    step.startedAt = now;
    step.seconds = undefined;
  }
  if (state === 'done' || state === 'failed') step.seconds = (now - (step.startedAt ?? now)) / 1_000;
  step.state = state;
  if (note !== undefined) step.note = note;
}

const back = (lines: number) => (lines === 0 ? '' : `\u001b[${lines}A\r`);

/** Colors would be counted as columns, and a wrapped line would break the redraw. */
const clip = (line: string, columns: number) => (line.length < columns ? line : `${line.slice(0, columns - 2)}…`);

function lineOf(step: Step, { width, turn, now }: { width: number; turn: number; now: number }): string {
  const marks = { waiting: '·', running: spinner[turn % spinner.length] ?? '·', done: '✔', failed: '✘' };
  const elapsed = step.seconds ?? (step.startedAt === undefined ? undefined : (now - step.startedAt) / 1_000);
  const time = elapsed === undefined ? '' : `${elapsed.toFixed(1)} s`;
  return `  ${marks[step.state]} ${step.name.padEnd(width)}  ${time.padStart(7)}  ${step.note || step.label}`.trimEnd();
}

function plainLine({ name, label, state, note, seconds }: Step): string {
  const words = {
    waiting: 'waiting',
    running: note || label || 'starting',
    done: `done in ${(seconds ?? 0).toFixed(1)} s${note ? `: ${note}` : ''}`,
    failed: `FAILED after ${(seconds ?? 0).toFixed(1)} s${note ? `: ${note}` : ''}`,
  };
  return `${name}: ${words[state]}`;
}
