/**
 * A venue's books as plain arithmetic, written from the money model and not from the code: what the ledger has to say after
 * any order of events. Minor units of one currency; debit +, credit −.
 */
import assert from 'node:assert/strict';

export interface ModelPolicy {
  feeBasisPoints: number;
  feeFixed: number;
  reserveBasisPoints: number;
  /** How far a payout may be divided: 10 where the provider wants amounts that end in 0. */
  step: number;
}

export interface ModelSale {
  captured: number;
  platformFee: number;
  reserve: number;
  reserveReleased: boolean;
  availableOn: string;
  /** Live refunds, and what banks have: with the platform's part of it. */
  taken: number;
  feeTaken: number;
  /** At the provider: what it gave back, or what a bank took. Never more than was captured. */
  gone: number;
  /** A dispute that was lost. */
  lost?: ModelPart;
}

/** Something of a sale that is away, or set aside: a refund, or a dispute. */
export interface ModelPart {
  sale: ModelSale;
  amount: number;
  feeShare: number;
}

export interface ModelPayout {
  amount: number;
  transferAmount: number;
}

const floorOf = (amount: number, part: number, whole: number) =>
  Number((BigInt(amount) * BigInt(part)) / BigInt(whole));

export class ModelBooks {
  /** Accounts that are 0 are left out. */
  readonly balances: Record<string, number> = {};
  /** The provider's own balances, and its fees. */
  readonly provider = { platform: 0, connected: 0, inTransit: 0, fees: 0 };
  readonly #policy: ModelPolicy;
  readonly #sales: ModelSale[] = [];
  readonly #payable: { amount: number; availableOn: string | undefined }[] = [];

  constructor(policy: ModelPolicy) {
    this.#policy = policy;
  }

  #post(lines: Record<string, number>, availableOn?: string): void {
    const amounts = Object.values(lines);
    assert.equal(amounts.reduce((sum, amount) => sum + amount, 0), 0); // prettier-ignore
    for (const [account, amount] of Object.entries(lines)) {
      const balance = (this.balances[account] ?? 0) + amount;
      if (balance === 0) delete this.balances[account];
      else this.balances[account] = balance;
      if (account === 'venue_payable') this.#payable.push({ amount: -amount, availableOn });
    }
  }

  sell({ amount, fee, availableOn }: { amount: number; fee: number; availableOn: string }): ModelSale {
    const { feeBasisPoints, feeFixed, reserveBasisPoints } = this.#policy;
    const platformFee = Math.min(amount, floorOf(amount, feeBasisPoints, 10_000) + feeFixed);
    const reserve = floorOf(amount - platformFee, reserveBasisPoints, 10_000);
    const payable = amount - platformFee - reserve;
    this.#post(
      { stripe_balance: amount, venue_payable: -payable, venue_reserve: -reserve, platform_fees: -platformFee },
      availableOn,
    );
    this.#post({ provider_fees: fee, stripe_balance: -fee });
    this.provider.platform += amount - fee;
    this.provider.fees += fee;
    const sale = { captured: amount, platformFee, reserve, reserveReleased: false, availableOn, taken: 0, feeTaken: 0, gone: 0 }; // prettier-ignore
    this.#sales.push(sale);
    return sale;
  }

  left({ captured, taken }: ModelSale): number {
    return Math.max(captured - taken, 0);
  }

  /** The fee goes back in step with the money, rounded down; it is never more than the part, nor more than what is left. */
  #share({ captured, platformFee, taken, feeTaken }: ModelSale, amount: number): number {
    const feeLeft = platformFee - feeTaken;
    const least = Math.max(0, feeLeft - (captured - taken - amount));
    return Math.min(Math.max(floorOf(platformFee, taken + amount, captured) - feeTaken, least), amount, feeLeft);
  }

  #take(part: ModelPart, sign: 1 | -1 = 1): void {
    part.sale.taken += sign * part.amount;
    part.sale.feeTaken += sign * part.feeShare;
  }

  #move({ sale }: Pick<ModelPart, 'sale'>, amount: number): void {
    sale.gone += amount;
    assert.ok(sale.gone >= 0 && sale.gone <= sale.captured, `${sale.gone} of ${sale.captured} captured are gone`);
  }

  refundReserved(sale: ModelSale, amount: number): ModelPart {
    const refund = { sale, amount, feeShare: this.#share(sale, amount) };
    this.#take(refund);
    this.#postReserved(refund, 1);
    return refund;
  }

  #postReserved({ sale, amount, feeShare }: ModelPart, sign: 1 | -1): void {
    const venue = sign * (amount - feeShare);
    this.#post({ venue_payable: venue, platform_fees: sign * feeShare, refunds_pending: -sign * amount }, sale.availableOn); // prettier-ignore
  }

  refundDone(refund: ModelPart, sign: 1 | -1 = 1): void {
    const amount = sign * refund.amount;
    this.#post({ refunds_pending: amount, stripe_balance: -amount });
    this.provider.platform -= amount;
    this.#move(refund, amount);
  }

  /** Also one that the provider had made. */
  refundGivenBack(refund: ModelPart, done: boolean): void {
    if (done) this.refundDone(refund, -1);
    this.#postReserved(refund, -1);
    this.#take(refund, -1);
    if (refund.sale.lost) this.#reshare(refund.sale.lost);
  }

  /** What is lost is lost with the fee's part of it, whatever had been set aside for refunds that never came. */
  #reshare(lost: ModelPart): void {
    const before = lost.feeShare;
    this.#take(lost, -1);
    lost.feeShare = this.#share(lost.sale, lost.amount);
    this.#take(lost);
    const more = lost.feeShare - before;
    this.#post({ platform_fees: more, venue_payable: -more }, lost.sale.availableOn);
  }

  /** `amount` and the provider's `fee` are withdrawn. */
  disputed(sale: ModelSale, amount: number, fee: number): ModelPart {
    const dispute = { sale, amount, feeShare: this.#share(sale, amount) };
    this.#take(dispute);
    this.#postDispute(dispute, { withdrawn: amount, fee, held: amount - dispute.feeShare });
    return dispute;
  }

  #postDispute({ sale }: ModelPart, { withdrawn, fee, held }: { withdrawn: number; fee: number; held: number }): void {
    this.#post({ disputed: withdrawn, dispute_fees: fee, stripe_balance: -withdrawn - fee });
    this.#post({ venue_payable: held, venue_hold: -held }, sale.availableOn);
    this.provider.platform -= withdrawn + fee;
    this.provider.fees += fee;
    this.#move({ sale }, withdrawn);
  }

  /** Some of it comes back, or all; `fee` as well. */
  reinstated(dispute: ModelPart, amount: number, fee: number): void {
    const { amount: before, feeShare } = dispute;
    this.#take(dispute, -1);
    dispute.amount = before - amount;
    dispute.feeShare = floorOf(feeShare, dispute.amount, before);
    this.#take(dispute);
    this.#postDispute(dispute, { withdrawn: -amount, fee: -fee, held: feeShare - dispute.feeShare - amount });
  }

  lost(dispute: ModelPart): void {
    dispute.sale.lost = dispute;
    const held = dispute.amount - dispute.feeShare;
    this.#take(dispute, -1);
    dispute.feeShare = this.#share(dispute.sale, dispute.amount);
    this.#take(dispute);
    const { amount, feeShare, sale } = dispute;
    this.#post(
      { venue_hold: held, platform_fees: feeShare, venue_payable: amount - held - feeShare, disputed: -amount },
      sale.availableOn,
    );
  }

  #due(now: string, eventOver: boolean): ModelSale[] {
    return this.#sales.filter(
      ({ reserve, reserveReleased, availableOn }) => eventOver && reserve > 0 && !reserveReleased && availableOn <= now,
    );
  }

  releaseReserves(now: string, eventOver: boolean): void {
    for (const sale of this.#due(now, eventOver)) {
      sale.reserveReleased = true;
      this.#post({ venue_reserve: sale.reserve, venue_payable: -sale.reserve });
    }
  }

  /** What a payout can take, with the reserves that it would release. */
  available(now: string, eventOver: boolean): number {
    const due = sumOf(this.#due(now, eventOver).map(({ reserve }) => reserve));
    const all = due + sumOf(this.#payable.map(({ amount }) => amount));
    const ripe = this.#payable.filter(({ availableOn }) => availableOn === undefined || availableOn <= now);
    return Math.max(0, Math.min(all, due + sumOf(ripe.map(({ amount }) => amount))));
  }

  /** Of what is available, what the provider can pay out. */
  payableIn(available: number): number {
    return available - (available % this.#policy.step);
  }

  payoutReserved({ amount }: ModelPayout, sign: 1 | -1 = 1): void {
    this.#post({ venue_payable: sign * amount, venue_payout: -sign * amount });
  }

  transferred({ transferAmount }: ModelPayout): void {
    this.#post({ connected_balance: transferAmount, stripe_balance: -transferAmount });
    this.provider.platform -= transferAmount;
    this.provider.connected += transferAmount;
  }

  payoutCreated({ amount }: ModelPayout, sign: 1 | -1 = 1): void {
    this.#post({ in_transit: sign * amount, connected_balance: -sign * amount });
    this.provider.connected -= sign * amount;
    this.provider.inTransit += sign * amount;
    assert.ok(this.provider.connected >= 0, `a payout took what the account lacks: ${this.provider.connected}`);
  }

  paid({ amount }: ModelPayout): void {
    this.#post({ venue_payout: amount, in_transit: -amount });
    this.provider.inTransit -= amount;
  }

  payoutReturned({ amount }: ModelPayout): void {
    this.#post({ connected_balance: amount, venue_payable: -amount });
    this.provider.connected += amount;
  }
}

const sumOf = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
