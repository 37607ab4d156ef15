"""What the server makes of a round: clipping, decoding, memory, audits, and the table of verdicts."""
