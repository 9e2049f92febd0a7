"""The command `keras-regnoise`: one file per command.

`main` calls the command that `parser` finds in the arguments. `arguments` has those
that several commands share, `common` exit codes and output, `progress` the bar, and
`extras` what must be installed. A command imports what it needs when it is called:
those that read a folder start at once.
"""
