"""The race of the arms of a search: which one gets seeds, when it ends, what it says.

Numbers in, numbers and words out: nothing here trains, reads or writes.
"""
