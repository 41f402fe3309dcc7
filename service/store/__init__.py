"""The only home of SQL: tables, repositories over them, and the transactions they work in."""
