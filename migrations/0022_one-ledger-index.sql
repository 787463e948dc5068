-- 0020 and 0021 each made an index of when a tenant's transactions occurred; every transaction paid for both.
drop index ledger_transactions_occurred;
