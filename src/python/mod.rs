//! Python source text to answers about it: decoding, parsing, names, constants, calls.
