"""What is said of a batch, and the exit status that stands for its end."""

from server.cli.remote.answers import Batch

SOME_FAILED, NONE_SUCCEEDED = 3, 4


def exit_status(batch: Batch) -> int:
    """Return 0 if every item succeeded, 3 if some failed, and 4 if none succeeded or it ended."""
    if batch.status != "completed":
        return NONE_SUCCEEDED
    if not batch.failure_count:
        return 0
    return SOME_FAILED if batch.success_count else NONE_SUCCEEDED


def summary(batch: Batch) -> str:
    """Return a sentence about a batch."""
    done = f"{items(batch.success_count)} succeeded, {batch.failure_count:,} failed"
    if batch.processed_items < batch.total_items:
        done += f", {batch.total_items - batch.processed_items:,} wait"
    what = f"Preview {batch.batch_id}" if batch.dry_run else f"Batch {batch.batch_id}"
    reason = f" {batch.error}" if batch.error else ""
    nothing = " Nothing was changed: this was a dry run." if batch.dry_run else ""
    return f"{what} is {batch.status}: {done}.{reason}{nothing}"


def table(batches: list[Batch]) -> str:
    """Return a table with a line for each batch."""
    rows = [("BATCH", "KIND", "STATUS", "DONE", "FAILED", "CREATED", "BY")]
    rows += [
        (
            batch.batch_id,
            batch.operation_type + (" (dry run)" if batch.dry_run else ""),
            batch.status,
            f"{batch.processed_items}/{batch.total_items}",
            str(batch.failure_count),
            batch.created_at[:19].replace("T", " "),
            batch.created_by,
        )
        for batch in batches
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def items(count: int) -> str:
    """Return how many items there are, in words."""
    return "1 item" if count == 1 else f"{count:,} items"
