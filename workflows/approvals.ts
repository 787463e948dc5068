/** Money that leaves only when people other than the requester have said yes. */
import { condition, setHandler } from '@temporalio/workflow';
import type { Operation } from '../activities/ports.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../contracts/decisions.ts';
import { approveSignal, approveUpdate, rejectSignal, rejectUpdate } from '../contracts/messages.ts';
import { Decisions, quietly, refused } from './decisions.ts';
import { approvalReminderMs, approvalWindowMs } from '../contracts/retry-profiles.ts';
import { refuseUnlessApproval } from './message-rules.ts';
import { NotApproved } from './outcomes.ts';
import { shielded } from './shielded.ts';
import { epochNow } from './time.ts';

export interface ApprovalWait {
  /** Different people. */
  needed: number;
  remind(round: number): void;
  approved(by: string, sofar: number): void;
}

const form = 'Send {"actor": "…", "reason": "…", "proof": "…"}; `boxoffice decide … --print` prints it';

export class Approvals {
  readonly #decisions: Decisions;
  readonly #requestedBy: string;
  readonly #approvers: string[] = [];
  #rejected: { actor: string } | undefined;
  #wait: ApprovalWait | undefined;

  /** Sets the handlers of approve and reject, update and signal each: construct it before the first await. */
  constructor({ operation, requestedBy }: { operation: Operation; requestedBy: string }) {
    this.#decisions = new Decisions(operation);
    this.#requestedBy = requestedBy;
    const approve = (request: ApprovalRequest) => this.#take('approve', request);
    const reject = (request: ApprovalRequest) => this.#take('reject', request);
    const validator = (request: ApprovalRequest) => {
      if (!this.#open) throw refused('nothing_waits');
      refuseUnlessApproval(request);
    };
    setHandler(approveUpdate, approve, { validator, description: `Lets the money go. ${form}` });
    setHandler(rejectUpdate, reject, { validator, description: `Ends it; nothing moves. ${form}` });
    const description = `As the update, without an answer. ${form}`;
    setHandler(approveSignal, quietly(validator, approve), { description });
    setHandler(rejectSignal, quietly(validator, reject), { description });
  }

  /**
   * Until enough different people have said yes.
   * @throws NotApproved when one says no, or nobody does in time.
   * @throws CancelledFailure when the surrounding scope is cancelled.
   */
  async wait(wait: ApprovalWait): Promise<void> {
    this.#wait = wait;
    const decided = () => this.#rejected !== undefined || this.#approvers.length >= wait.needed;
    const deadline = epochNow() + approvalWindowMs;
    try {
      for (let round = 1; !decided(); round++) {
        await condition(decided, Math.min(approvalReminderMs, deadline - epochNow()));
        await this.#decisions.settled();
        if (decided()) break;
        if (epochNow() >= deadline) throw new NotApproved('expired');
        wait.remind(round);
      }
      if (this.#rejected) throw new NotApproved(this.#rejected);
    } finally {
      this.#wait = undefined;
    }
  }

  get #open(): boolean {
    return this.#wait !== undefined && this.#rejected === undefined && this.#approvers.length < this.#wait.needed;
  }

  #take(kind: 'approve' | 'reject', { actor, reason, proof }: ApprovalRequest): Promise<ApprovalAnswer> {
    return shielded(() =>
      this.#decisions.take(
        () => {
          // It was decided while this one stood in the queue.
          if (!this.#open) throw refused('nothing_waits');
          const decision = { kind, choice: kind, actor, evidence: reason, proof };
          return kind === 'approve'
            ? { ...decision, requestedBy: this.#requestedBy, decidedBy: [...this.#approvers] }
            : decision;
        },
        () => {
          if (kind === 'reject') this.#rejected = { actor };
          else this.#approvers.push(actor);
          const approvals = this.#approvers.length;
          if (kind === 'approve') this.#wait?.approved(actor, approvals);
          const needed = this.#wait?.needed ?? approvals;
          return { decision: kind === 'approve' ? 'approved' : 'rejected', approvals, needed } as const;
        },
      ),
    );
  }
}
