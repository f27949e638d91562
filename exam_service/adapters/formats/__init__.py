"""Documents from outside: untrusted input, read with every fault located."""
