"""The search for a better plan: ruin a part of it, make it anew, keep what is good. Compiled; knows whole numbers only."""
