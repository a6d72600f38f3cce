"""Reading what a channel or bank says about our money: a file -> `Statement`, or a sentence why not. No database."""
