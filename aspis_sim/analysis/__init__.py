"""What sets of runs say: means, tables, paired comparisons, and whether stored runs come out the same again."""
