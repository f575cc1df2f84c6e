"""The fault simulator: the real engine, sync and ledger against made-up apps, users, faults and crashes."""
