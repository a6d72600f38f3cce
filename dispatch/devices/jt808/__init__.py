"""JT/T 808: the protocol vehicle terminals speak with their platform, editions 2011, 2013 and 2019.

From the bottom up: `fields` reads single values, `frames` turns a byte stream into frames and back, `parts` joins long messages,
`messages` and `positions` say what a frame means, `replies` writes the platform's side, `session` is the conversation with one
terminal, `limits` and `mailbox` keep one peer from harming the others, and `gateway` is the TCP server. Only the gateway does
input and output; everything below it is plain data in, plain data out.

The tables named in the docstrings are those of JT/T 808-2013 and JT/T 808-2019, "Terminal communication protocol and data format
of the satellite positioning system for road transport vehicles". What terminals in the field do otherwise is named as such.
"""

from __future__ import annotations
