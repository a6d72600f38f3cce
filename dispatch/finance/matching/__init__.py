"""Which line of a statement is which money of ours. Pure: lines and items in, what belongs together out, with a reason."""
